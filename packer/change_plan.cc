#include "packer/change_plan.h"

#include <utility>
#include <vector>

#include "packer/earlier.h"
#include "packer/error.h"
#include "packer/fold_cache.h"
#include "packer/lines_cache.h"
#include "packer/plan/sliced_deltas.h"

namespace kontext {
namespace {

// Kernel source, 85,000 lines: a pass takes 5 ms, a plan from everything 60 ms. Two passes are most
// often enough, and one more for a segment that goes.
SliceLimits LimitsFor(const Listing& listing) {
  return {.lines = 4000 + listing.entries().size() / 8, .passes = 8};
}

std::optional<Plan> PlanOn(const KnownImage& image, const CacheDir* cache, const Scan& scan) {
  const std::vector<std::string_view>* changes = scan.ChangesSince(image.tree);
  if (changes == nullptr) return std::nullopt;
  std::vector<Digest> indexes;
  std::vector<VisitLines> lines;
  std::vector<OldLayer> layers;
  for (const KnownSegment& segment : image.segments) {
    indexes.push_back(segment.index);
    lines.emplace_back([cache, index = segment.index](const auto& take) {
      return VisitCachedLines(cache, index, take);
    });
    layers.push_back({segment.layer.size, false, PackedSizesHint(segment.layer)});
  }
  std::optional<std::vector<LiveLines>> live = RecallLive(cache, indexes, image.tree);
  if (!live) return std::nullopt;
  const Listing& next = scan.listing();
  SlicedDeltas deltas(std::move(lines), *live, *changes, next, LimitsFor(next));
  return MakePlan(layers, &deltas, next, {});
}

}  // namespace

std::optional<ChangePlan> PlanChange(const Session& session, const TagDocument& tag,
                                     const Scan& scan) {
  Store* store = session.store.get();
  const CacheDir* cache = session.DocumentCache();
  if (cache == nullptr || !store->CanBeBuiltOn()) return std::nullopt;
  try {
    KnownImage image = ReadImage(store, tag, cache);
    std::optional<Plan> plan = PlanOn(image, cache, scan);
    if (!plan) return std::nullopt;
    CheckWhole(store, image.digest);
    return ChangePlan{std::move(image), std::move(*plan)};
  } catch (const Error& error) {
    if (!IsDoneWithout(error)) throw;
    return std::nullopt;
  }
}

}  // namespace kontext
