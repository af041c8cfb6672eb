#include "packer/plan/planner.h"

namespace kontext {
namespace {

// Below this, garbage is not worth a clean start (design 3.4: stored <= 2 x live + 4 MiB).
constexpr uint64_t kSmallChange = 4 << 20;

}  // namespace

size_t ChooseKept(std::span<const uint64_t> old, uint64_t change_bytes, uint64_t tree_bytes,
                  size_t added, const PlanLimits& limits) {
  if (change_bytes > kSmallChange && change_bytes > tree_bytes / 2) return 0;
  size_t kept = old.size();
  if (kept + added <= limits.max_segments) return kept;
  uint64_t folded = change_bytes;
  while (kept > 0 && (kept + added > limits.max_segments || old[kept - 1] / 2 <= folded)) {
    folded += old[--kept];
  }
  return kept;
}

}  // namespace kontext
