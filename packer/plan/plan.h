// The plan of a push: which earlier segments stay, and what the new ones hold (design 3.4). Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "packer/plan/delta.h"
#include "packer/plan/planner.h"
#include "packer/plan/segment_lines.h"

namespace kontext {

struct OldSegment {
  const SegmentLines* lines;
  uint64_t layer_bytes;  // compressed
  bool copied = false;   // keeping it means sending its layer
  // What its contents take of the layer (packer/plan/packed_sizes.h); may be empty, or anything.
  std::string_view packed_sizes = {};
};

struct PlanOptions {
  bool mirror = false;  // every file at its own path
  PlanLimits limits;
  // A large first push uploads, downloads and later ages in parts of this much content.
  uint64_t part_bytes = uint64_t{256} << 20;
};

struct Plan {
  std::vector<bool> kept;      // of the old segments
  std::vector<Segment> parts;  // on the kept ones, bottom to top
  uint64_t stored_bytes = 0;   // of all parts
  TextArena text;              // paths that their lines point to

  // Do the kept ones say all of it already?
  bool empty() const { return parts.size() == 1 && parts.front().lines.empty(); }
};

// `old`: bottom to top. The plan's views point into `next`, too.
Plan MakePlan(std::span<const OldSegment> old, const Listing& next, const PlanOptions& options);

// Compressed bytes of each segment and how many of them are live once a delta lies on top.
// `use`: of that delta.
std::vector<SegmentStats> StatsOf(std::span<const OldSegment> old, std::span<const SegmentUse> use);

}  // namespace kontext
