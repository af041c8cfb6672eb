// The plan of a push: which earlier segments stay, and what the new ones hold (design 3.4). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "packer/plan/delta.h"
#include "packer/plan/live.h"
#include "packer/plan/planner.h"
#include "packer/plan/segment_lines.h"

namespace kontext {

struct OldSegment {
  const SegmentLines* lines;
  OldLayer layer;
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
  // What the image will need of each of its segments: of the kept ones, then of the parts.
  std::vector<LiveLines> live;

  // Do the kept ones say all of it already?
  bool empty() const { return parts.size() == 1 && parts.front().lines.empty(); }
};

// A delta on some of the old segments, and what is live of all of them then: of those without it,
// nothing.
struct DeltaOn {
  Delta delta;
  std::vector<LiveLines> live;
};

// What a plan is computed from.
class DeltaSource {
 public:
  virtual ~DeltaSource() = default;
  // Of the old segments that are kept. Nothing: that cannot be computed from what is there.
  virtual std::optional<DeltaOn> Compute(const std::vector<bool>& kept) = 0;
  // Of old segment i; asked after the first Compute.
  virtual const HeldBytes& Held(size_t i) const = 0;
  // Of a mirror: what each part of several needs to be one (AddParents in delta.h).
  virtual void CompleteMirror(Segment* part) const = 0;
};

// `layers`: of the old segments, bottom to top. Nothing when the source gives nothing. The plan's
// views point into what the deltas' do.
std::optional<Plan> MakePlan(const std::vector<OldLayer>& layers, DeltaSource* deltas,
                             const PlanOptions& options);

// The same from all lines of the old segments.
Plan MakePlan(std::span<const OldSegment> old, const Listing& next, const PlanOptions& options);

// What is live of each segment once a delta lies on top. `use`: of that delta.
std::vector<SegmentStats> StatsOf(std::span<const OldSegment> old, std::span<const SegmentUse> use);

}  // namespace kontext
