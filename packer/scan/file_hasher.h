// Reads every file of a context once and names its content.
#pragma once

#include <cstddef>

#include "packer/plan/listing.h"
#include "packer/scan/context.h"

namespace kontext {

// Sets `sha256` and `size` of the listing's files, with `threads` threads. A file that changes
// while it is read is read again, a few times; then Error(kChanged) names it.
void HashFiles(const Context& context, size_t threads, Listing* listing);

}  // namespace kontext
