// A Docker daemon as a Store.
#pragma once

#include <memory>

#include "packer/store/store.h"

namespace kontext {

// What is written is always a whole image: an archive, made in TMPDIR and loaded at its end. What
// is there is known by its labels then, and not built on; to be read (options.writes false), it is
// saved to TMPDIR. Throws Error(kUsage) for a DOCKER_HOST that we do not speak to.
std::unique_ptr<Store> OpenDaemon(const Reference& reference, const StoreOptions& options);

}  // namespace kontext
