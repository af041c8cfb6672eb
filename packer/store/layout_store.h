// An OCI image layout directory as a Store (image specification 1.1, image-layout.md).
#pragma once

#include <memory>

#include "packer/store/store.h"

namespace kontext {

// The directory is made by the first write. Several processes may write at once: a blob appears
// whole or not at all, and index.json is replaced under a lock on "index.json.lock", which stays.
// Blobs that no tag names any more are left until something is removed; and then, too, while
// somebody writes, who holds a shared lock on the folder of blobs from the first look on.
std::unique_ptr<Store> OpenLayout(const Reference& reference, const StoreOptions& options);

}  // namespace kontext
