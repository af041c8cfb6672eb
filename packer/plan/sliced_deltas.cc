#include "packer/plan/sliced_deltas.h"

#include <utility>

namespace kontext {

SlicedDeltas::SlicedDeltas(const std::vector<const LineLookup*>& segments,
                           std::span<const LiveLines> live,
                           std::span<const std::string_view> changes, const EntryLookup& next,
                           size_t most_lines)
    : live_(live), slicer_(segments, next, most_lines) {
  for (std::string_view path : changes) slicer_.AddPath(path);
}

std::optional<DeltaOn> SlicedDeltas::Compute(const std::vector<bool>& kept) {
  // What a segment has that goes must come from elsewhere, and what it hid shows again.
  for (size_t i = 0; i < kept.size(); ++i) {
    if (!kept[i] && !slicer_.AddSegment(i)) return std::nullopt;
  }
  if (!slicer_.Grow()) return std::nullopt;
  std::vector<const SegmentLines*> all, lower;
  for (size_t i = 0; i < kept.size(); ++i) {
    all.push_back(&slicer_.Lines(i));
    if (kept[i]) lower.push_back(all.back());
  }
  Merged before(all);
  Delta none = ComputeDelta(before, before.Fold(), false);
  if (!none.empty() || !AreLive(none.use)) return std::nullopt;
  DeltaOn on{ComputeDelta(Merged(lower), slicer_.next(), false),
             std::vector<LiveLines>(kept.size())};
  auto use = on.delta.use.begin();
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]) on.live[i] = LiveOf(i, none.use[i], *use++);
  }
  return on;
}

// Does what the slice has now agree with what is said to be live?
bool SlicedDeltas::AreLive(const std::vector<SegmentUse>& before) const {
  for (size_t i = 0; i < live_.size(); ++i) {
    if (live_[i].contents.size() != slicer_.Held(i).lines().size()) return false;
    if (live_[i].lines < before[i].lines) return false;
    LiveLines same = LiveOf(i, before[i], before[i]);
    if (same != live_[i]) return false;
  }
  return true;
}

LiveLines SlicedDeltas::LiveOf(size_t segment, const SegmentUse& before,
                               const SegmentUse& after) const {
  LiveLines live = live_[segment];
  live.lines += after.lines - before.lines;
  const std::vector<size_t>& positions = slicer_.Positions(segment);
  for (size_t position : positions) live.contents[position] = false;
  const IndexEntry* first = slicer_.Lines(segment).lines.data();
  for (const IndexEntry* content : after.contents) {
    live.contents[positions[static_cast<size_t>(content - first)]] = true;
  }
  return live;
}

}  // namespace kontext
