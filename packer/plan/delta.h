// Computes what a new segment must say and hold, given what the kept ones show.
#pragma once

#include <cstdint>
#include <vector>

#include "packer/plan/listing.h"

namespace kontext {

// One segment to write. `lines` are index lines in index order, without `object` lines: those
// follow from the files whose `at` names the objects folder and that are in `stored`. Views point
// into the two listings that it was computed from.
struct Segment {
  std::vector<IndexEntry> lines;
  // Files whose content goes into this segment's layer, positions in `lines`, ascending.
  std::vector<size_t> stored;
  uint64_t stored_bytes = 0;
};

struct Delta {
  Segment segment;
  TextArena text;  // paths of objects that `lines` point to

  bool empty() const { return segment.lines.empty(); }
};

// The segment that turns `old` into `next`. `unplaced`: positions of files of `old` whose content
// the kept layers do not show (FindUnplaced). Pure.
Delta ComputeDelta(const Listing& old, const std::vector<size_t>& unplaced, const Listing& next);

// Splits a segment in parts of about `limit` bytes of content, in order. At least one part.
std::vector<Segment> Split(const Segment& segment, uint64_t limit);

}  // namespace kontext
