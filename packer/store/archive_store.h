// An archive for `docker load` and `podman load` as a Store: a file, or standard output.
#pragma once

#include <memory>

#include "packer/store/store.h"

namespace kontext {

// A file appears whole or not at all, in place of the one that was there; what the new image shares
// with the old one is copied. An archive holds one image: one with another name begins anew. A file
// that is no image archive is never replaced. On standard output ("-") nothing is written before
// the archive is complete; it cannot be read. Throws Error(kUsage) for what cannot be an archive.
std::unique_ptr<Store> OpenArchive(const Reference& reference, const StoreOptions& options);

}  // namespace kontext
