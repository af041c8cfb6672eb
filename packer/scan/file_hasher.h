// Reads every file of a context once and names its content.
#pragma once

#include <cstddef>
#include <span>

#include "packer/scan/context.h"
#include "packer/scan/quick_hash.h"
#include "packer/scan/walk.h"

namespace kontext {

// Reads the files that `which` gives the indexes of, with `threads` threads: sets their `sha256`,
// `size` and stat. A file that changes while it is read is read again, a few times; then
// Error(kChanged) names it. Gives the quick hashes of what it has read, sorted.
QuickHashes HashFiles(const Context& context, size_t threads, std::span<const size_t> which,
                      Walked* walked);

// The same for every file.
QuickHashes HashFiles(const Context& context, size_t threads, Walked* walked);

}  // namespace kontext
