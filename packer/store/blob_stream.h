// Blobs that are read like files: given out as Store::ReadBlob promises, taken in as
// Store::WriteBlob does.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "packer/store/blob_source.h"
#include "packer/store/store.h"

namespace kontext {

// `name` begins the message of an Error.
void StreamBlob(const std::string& name, const Descriptor& blob, const BlobSource& source,
                uint64_t limit, const BlobSink& sink);

// Gives `take` all of what is to be stored as `blob`. Throws Error(kChanged), with the reason only,
// when it is something else.
void CopyBlob(const Descriptor& blob, const BlobSource& source,
              const std::function<void(std::string_view)>& take);

}  // namespace kontext
