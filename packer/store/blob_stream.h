// A blob that is read like a file, given out as Store::ReadBlob promises.
#pragma once

#include <cstdint>
#include <string>

#include "packer/store/blob_source.h"
#include "packer/store/store.h"

namespace kontext {

// `name` begins the message of an Error.
void StreamBlob(const std::string& name, const Descriptor& blob, const BlobSource& source,
                uint64_t limit, const BlobSink& sink);

}  // namespace kontext
