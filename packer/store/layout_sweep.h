// Which blobs of an OCI layout nobody needs any more.
#pragma once

#include <string>

#include "common/fd.h"

namespace kontext {

// Held by who writes to a layout, from its first look on: the blobs that it sees will stay. An
// invalid handle where the folder is not there or its file system knows no locks.
UniqueFd HoldBlobs(const std::string& blob_directory);

// Removes the blobs that are not reachable from `index_json`, the layout's. Nothing is removed
// while somebody holds them, and none of what this does not know to be a blob. A document of up to
// 4 MiB that mentions a digest keeps the blob. To be called under the lock of index.json. Throws
// Error(kIo) with the reason only.
void SweepBlobs(const std::string& blob_directory, const std::string& index_json);

}  // namespace kontext
