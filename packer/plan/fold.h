// The listing of a whole image.
#pragma once

#include <span>

#include "packer/plan/listing.h"
#include "packer/plan/segment_lines.h"

namespace kontext {

// Folds the indexes of an image, bottom to top (FORMAT.md, "Folding"). A file entry has `at` set
// when its content is elsewhere. Throws Error(kFormat), naming the segment, when they do not hold
// together.
Listing Fold(std::span<const SegmentIndex> segments);

}  // namespace kontext
