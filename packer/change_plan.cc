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

// With more lines, a plan from everything is faster.
size_t MostLines(size_t entries) { return 4000 + entries / 8; }

std::optional<Plan> PlanOn(const KnownImage& image, const CacheDir* cache, const Scan& scan) {
  const std::vector<std::string_view>* changes = scan.ChangesSince(image.tree);
  if (changes == nullptr) return std::nullopt;
  std::vector<Digest> indexes;
  std::vector<OldLayer> layers;
  for (const KnownSegment& segment : image.segments) {
    indexes.push_back(segment.index);
    layers.push_back({segment.layer.size, false, PackedSizesHint(segment.layer)});
  }
  std::optional<std::vector<LiveLines>> live = RecallLive(cache, indexes, image.tree);
  if (!live) return std::nullopt;
  std::vector<LinesFile> files;
  for (const Digest& index : indexes) {
    std::optional<LinesFile> file = OpenLines(cache, index);
    if (!file) return std::nullopt;
    files.push_back(std::move(*file));
  }
  std::vector<const LineLookup*> lines;
  lines.reserve(files.size());
  for (const LinesFile& file : files) lines.push_back(&file);
  const EntryLookup& next = scan.entries();
  SlicedDeltas deltas(lines, *live, *changes, next, MostLines(next.size()));
  return MakePlan(layers, &deltas, {});
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
