// Deltas on the segments of one image, computed from the part that a change touches: for a plan
// that costs what the change does. What it leaves out is known from the plan that made the image.
// Not for mirrors. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "packer/plan/plan.h"
#include "packer/plan/slice.h"

namespace kontext {

class SlicedDeltas : public DeltaSource {
 public:
  // `live`: Plan::live of the push that made the image of these segments, bottom to top. `changes`:
  // all paths that are in one of that image's listing and `next` only, or have another entry in
  // each. Refers to all of them.
  SlicedDeltas(const std::vector<const LineLookup*>& segments, std::span<const LiveLines> live,
               std::span<const std::string_view> changes, const EntryLookup& next,
               size_t most_lines);

  // Nothing when the change touches more than `most_lines`, or when the image is not what a plan of
  // this program makes.
  // To be called with more and more segments left out: a slice only grows.
  std::optional<DeltaOn> Compute(const std::vector<bool>& kept) override;
  const HeldBytes& Held(size_t i) const override { return slicer_.Held(i); }
  void CompleteMirror(Segment*) const override {}

 private:
  bool AreLive(const std::vector<SegmentUse>& before) const;
  LiveLines LiveOf(size_t segment, const SegmentUse& before, const SegmentUse& after) const;

  std::span<const LiveLines> live_;
  Slicer slicer_;
};

}  // namespace kontext
