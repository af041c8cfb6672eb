#include "packer/plan/plan.h"

#include <algorithm>
#include <utility>

#include "packer/plan/packed_sizes.h"

namespace kontext {
namespace {

// What a line weighs in a compressed index beside the content that it is about: a digest does not
// compress, the rest does (kernel source: 40 bytes a line).
constexpr uint64_t kLineBytes = 40;

// Half a part of a large first push.
constexpr uint64_t kLargeContent = uint64_t{128} << 20;

uint64_t Scale(uint64_t part, uint64_t whole, uint64_t bytes) {
  return static_cast<uint64_t>(static_cast<double>(part) / static_cast<double>(whole) *
                               static_cast<double>(bytes));
}

// What a segment holds before compression.
uint64_t Weight(const SegmentLines& segment) {
  uint64_t weight = kLineBytes * segment.lines.size();
  for (const IndexEntry& line : segment.lines) weight += HoldsContent(line) ? line.size : 0;
  return std::max<uint64_t>(weight, 1);
}

// What each of a segment's lines holds: about its share of the layer when there is a hint, else
// its bytes before compression.
std::vector<uint64_t> ContentWeights(const OldSegment& old) {
  std::vector<PackedContent> contents;
  for (const IndexEntry& line : old.lines->lines) {
    if (HoldsContent(line)) contents.push_back({line.size, line.size});
  }
  if (!old.packed_sizes.empty()) ReadPackedSizes(old.packed_sizes, &contents);
  std::vector<uint64_t> weights;
  weights.reserve(old.lines->lines.size());
  auto next = contents.begin();
  for (const IndexEntry& line : old.lines->lines) {
    weights.push_back(HoldsContent(line) ? next++->packed : 0);
  }
  return weights;
}

// The live bytes of a layer.
uint64_t LiveOf(const OldSegment& old, const SegmentUse& use) {
  std::vector<uint64_t> weights = ContentWeights(old);
  uint64_t whole = kLineBytes * weights.size();
  for (uint64_t weight : weights) whole += weight;
  uint64_t live = kLineBytes * use.lines;
  const IndexEntry* first = old.lines->lines.data();
  for (const IndexEntry* content : use.contents) {
    live += weights[static_cast<size_t>(content - first)];
  }
  return whole == 0 ? 0 : Scale(std::min(live, whole), whole, old.layer_bytes);
}

Merged Merge(std::span<const OldSegment> old, const std::vector<bool>& kept) {
  std::vector<const SegmentLines*> lines;
  for (size_t i = 0; i < old.size(); ++i) {
    if (kept[i]) lines.push_back(old[i].lines);
  }
  return Merged(lines);
}

// The new segment as it would be if all were kept, by the old layers' rate of compression.
PlanChange ChangeOf(std::span<const OldSegment> old, const Segment& segment, size_t parts) {
  uint64_t layers = 0;
  uint64_t weight = 0;
  for (const OldSegment& segment_before : old) {
    layers += segment_before.layer_bytes;
    weight += Weight(*segment_before.lines);
  }
  uint64_t change = segment.stored_bytes + kLineBytes * segment.lines.size();
  return {weight > 0 ? Scale(change, weight, layers) : change, parts};
}

// Parts of this size are never more than there is room for.
uint64_t PartBytes(const Segment& segment, size_t kept, const PlanOptions& options) {
  size_t most = options.limits.max_segments;
  // Half of it: later pushes need some, too.
  size_t room = (most - std::min(kept, most - 1) + 1) / 2;
  return std::max(options.part_bytes, segment.stored_bytes / room + 1);
}

}  // namespace

std::vector<SegmentStats> StatsOf(std::span<const OldSegment> old,
                                  std::span<const SegmentUse> use) {
  std::vector<SegmentStats> stats;
  for (size_t i = 0; i < old.size(); ++i) {
    uint64_t weight = Weight(*old[i].lines);
    stats.push_back({old[i].layer_bytes, LiveOf(old[i], use[i]),
                     Scale(use[i].hides, weight, old[i].layer_bytes), weight >= kLargeContent,
                     old[i].copied});
  }
  return stats;
}

Plan MakePlan(std::span<const OldSegment> old, const Listing& next, const PlanOptions& options) {
  Plan plan;
  plan.kept.assign(old.size(), true);
  Delta delta = ComputeDelta(Merge(old, plan.kept), next, options.mirror);
  size_t parts = PartEnds(delta.segment.stored_bytes, PartBytes(delta.segment, 0, options)).size();
  plan.kept =
      ChooseKept(StatsOf(old, delta.use), ChangeOf(old, delta.segment, parts), options.limits);
  auto dropped = std::find(plan.kept.begin(), plan.kept.end(), false);
  if (dropped != plan.kept.end()) {
    // A mirror shows what each layer passes through with the modes of its own time: only the lowest
    // layers together show what an earlier image showed.
    if (options.mirror) std::fill(dropped, plan.kept.end(), false);
    delta = ComputeDelta(Merge(old, plan.kept), next, options.mirror);
  }
  size_t kept = static_cast<size_t>(std::count(plan.kept.begin(), plan.kept.end(), true));
  uint64_t part_bytes = PartBytes(delta.segment, kept, options);
  plan.stored_bytes = delta.segment.stored_bytes;
  plan.text = std::move(delta.text);
  plan.parts = Split(std::move(delta.segment), part_bytes);
  if (options.mirror && plan.parts.size() > 1) {
    for (Segment& part : plan.parts) AddParents(next, &part);
  }
  return plan;
}

}  // namespace kontext
