#include "packer/plan/plan.h"

#include <algorithm>
#include <utility>

namespace kontext {
namespace {

// Parts of this size are never more than there is room for.
uint64_t PartBytes(const Segment& segment, size_t kept, const PlanOptions& options) {
  size_t most = options.limits.max_segments;
  // Half of it: later pushes need some, too.
  size_t room = (most - std::min(kept, most - 1) + 1) / 2;
  return std::max(options.part_bytes, segment.stored_bytes / room + 1);
}

class WholeSegments : public DeltaSource {
 public:
  WholeSegments(std::span<const OldSegment> old, const Listing& next, bool mirror)
      : old_(old), next_(next), mirror_(mirror) {
    held_.reserve(old.size());
    for (const OldSegment& segment : old) held_.emplace_back(*segment.lines);
  }

  std::optional<DeltaOn> Compute(const std::vector<bool>& kept) override {
    std::vector<const SegmentLines*> lines;
    for (size_t i = 0; i < old_.size(); ++i) {
      if (kept[i]) lines.push_back(old_[i].lines);
    }
    DeltaOn on{ComputeDelta(Merged(lines), next_, mirror_), std::vector<LiveLines>(old_.size())};
    auto use = on.delta.use.begin();
    for (size_t i = 0; i < old_.size(); ++i) {
      if (kept[i]) on.live[i] = LiveLinesOf(*old_[i].lines, *use++);
    }
    return on;
  }

  const HeldBytes& Held(size_t i) const override { return held_[i]; }
  void CompleteMirror(Segment* part) const override { AddParents(next_, part); }

 private:
  std::span<const OldSegment> old_;
  const Listing& next_;
  bool mirror_;
  std::vector<HeldBytes> held_;
};

std::vector<bool> ChooseKept(const std::vector<OldLayer>& layers, const DeltaSource& deltas,
                             const DeltaOn& on_all, const PlanOptions& options) {
  std::vector<SegmentStats> stats;
  uint64_t weight = 0;
  for (size_t i = 0; i < layers.size(); ++i) {
    const HeldBytes& held = deltas.Held(i);
    stats.push_back(StatsOf(layers[i], held, on_all.live[i], on_all.delta.use[i].hides));
    weight += held.Weight();
  }
  const Segment& segment = on_all.delta.segment;
  size_t parts = PartEnds(segment.stored_bytes, PartBytes(segment, 0, options)).size();
  return ChooseKept(stats, {PackedLike(layers, weight, segment), parts}, options.limits);
}

}  // namespace

std::vector<SegmentStats> StatsOf(std::span<const OldSegment> old,
                                  std::span<const SegmentUse> use) {
  std::vector<SegmentStats> stats;
  for (size_t i = 0; i < old.size(); ++i) {
    LiveLines live = LiveLinesOf(*old[i].lines, use[i]);
    stats.push_back(StatsOf(old[i].layer, HeldBytes(*old[i].lines), live, use[i].hides));
  }
  return stats;
}

std::optional<Plan> MakePlan(const std::vector<OldLayer>& layers, DeltaSource* deltas,
                             const PlanOptions& options) {
  Plan plan;
  plan.kept.assign(layers.size(), true);
  std::optional<DeltaOn> on = deltas->Compute(plan.kept);
  if (!on) return std::nullopt;
  plan.kept = ChooseKept(layers, *deltas, *on, options);
  auto dropped = std::find(plan.kept.begin(), plan.kept.end(), false);
  if (dropped != plan.kept.end()) {
    // A mirror shows what each layer passes through with the modes of its own time: only the lowest
    // layers together show what an earlier image showed.
    if (options.mirror) std::fill(dropped, plan.kept.end(), false);
    on.reset();
    on = deltas->Compute(plan.kept);
    if (!on) return std::nullopt;
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    if (plan.kept[i]) plan.live.push_back(std::move(on->live[i]));
  }
  uint64_t part_bytes = PartBytes(on->delta.segment, plan.live.size(), options);
  plan.stored_bytes = on->delta.segment.stored_bytes;
  plan.text = std::move(on->delta.text);
  plan.parts = Split(std::move(on->delta.segment), part_bytes);
  if (options.mirror && plan.parts.size() > 1) {
    for (Segment& part : plan.parts) deltas->CompleteMirror(&part);
  }
  for (const Segment& part : plan.parts) plan.live.push_back(LiveLinesOf(part));
  return plan;
}

Plan MakePlan(std::span<const OldSegment> old, const Listing& next, const PlanOptions& options) {
  std::vector<OldLayer> layers;
  layers.reserve(old.size());
  for (const OldSegment& segment : old) layers.push_back(segment.layer);
  WholeSegments deltas(old, next, options.mirror);
  return *MakePlan(layers, &deltas, options);
}

}  // namespace kontext
