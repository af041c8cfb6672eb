// What of a segment's layer an image needs: by line of the segment, and as estimated bytes. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "packer/plan/delta.h"
#include "packer/plan/planner.h"
#include "packer/plan/segment_lines.h"

namespace kontext {

// How large the content is that a segment's layer holds for each of its lines.
class HeldBytes {
 public:
  static constexpr uint64_t kNothing = UINT64_MAX;

  HeldBytes() = default;
  explicit HeldBytes(const SegmentLines& segment);
  void Reserve(size_t lines) { lines_.reserve(lines); }
  // The next line's; or kNothing.
  void Add(uint64_t bytes) {
    lines_.push_back(bytes);
    if (bytes != kNothing) contents_ += bytes;
  }

  const std::vector<uint64_t>& lines() const { return lines_; }
  // What the segment holds before compression, with its index.
  uint64_t Weight() const;

 private:
  std::vector<uint64_t> lines_;
  uint64_t contents_ = 0;
};

// Which of a segment's lines have content that some entry of the image points at, and how many
// still say something.
struct LiveLines {
  std::vector<bool> contents;  // of each line
  uint64_t lines = 0;
  friend bool operator==(const LiveLines&, const LiveLines&) = default;
};

// `use`: of this segment.
LiveLines LiveLinesOf(const SegmentLines& segment, const SegmentUse& use);
// Of a segment that a push writes: all of it. In the order of its index, object lines first.
LiveLines LiveLinesOf(const Segment& segment);

struct OldLayer {
  uint64_t bytes = 0;   // compressed
  bool copied = false;  // keeping it means sending it
  // What its contents take of it (packer/plan/packed_sizes.h); may be empty, or anything.
  std::string_view packed_sizes = {};
};

// `hides`: bytes of content, as in SegmentUse.
SegmentStats StatsOf(const OldLayer& layer, const HeldBytes& held, const LiveLines& live,
                     uint64_t hides);

// What a new segment would take compressed, by the old layers' rate.
uint64_t PackedLike(const std::vector<OldLayer>& layers, uint64_t weight, const Segment& segment);

}  // namespace kontext
