// Uploading one blob (distribution specification 1.1, "Pushing blobs").
#pragma once

#include <optional>
#include <string>

#include "packer/image/descriptor.h"
#include "packer/registry/endpoint.h"
#include "packer/registry/upload_session.h"
#include "packer/store/blob_source.h"

namespace kontext {

// POST and one PUT with all of it, which every registry takes; where that is refused for its form
// (a proxy's 413, a registry that wants PATCH), in chunks. What breaks on the way goes on
// from the byte that the registry has reached, if it can say that and the blob is worth it; else it
// starts again from a new POST. `begun`: by a POST already, which then is not made, unless the
// blob is refused there. Throws Error.
void UploadBlob(const Endpoint& endpoint, const Descriptor& blob, const BlobSource& source,
                std::optional<UploadSession> begun = std::nullopt);

// The same for a blob that may be there: false when it is. The POST asks for that as well, as for a
// mount from this very repository; a registry that knows no mounts is sent what it has. So only for
// what takes less time to send than another trip does. One that is `begun` is not asked.
bool UploadUnlessThere(const Endpoint& endpoint, const Descriptor& blob, const BlobSource& source,
                       std::optional<UploadSession> begun = std::nullopt);

// `location` with the digest that closes an upload. Keeps its query.
std::string WithDigest(const std::string& location, const std::string& digest);

}  // namespace kontext
