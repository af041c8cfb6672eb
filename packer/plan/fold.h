// What the merged layers of some segments are: their listing, and where its contents are.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "common/digest.h"
#include "packer/plan/listing.h"

namespace kontext {

struct SegmentIndex {
  Digest digest;      // of `lines`: its name
  std::string lines;  // JSON Lines
};

// Folds indexes, bottom to top (FORMAT.md, "Folding"). A file entry has `at` set when its content
// is elsewhere, and stays as the segment wrote it. Throws Error(kFormat), naming the segment, when
// they do not hold together.
Listing Fold(std::span<const SegmentIndex> segments);

// The files of `listing` (the fold of `segments`) whose `at` names a place where the merged layers
// do not show their content; sorted positions in listing.entries(). Empty for a whole image;
// keeping only some segments of an image is what can leave such files behind.
std::vector<size_t> FindUnplaced(std::span<const SegmentIndex> segments, const Listing& listing);

// Gives every line of an index in order, object lines too. Throws Error(kFormat).
void ForEachLine(const SegmentIndex& segment,
                 const std::function<void(const IndexEntry& line)>& take);

}  // namespace kontext
