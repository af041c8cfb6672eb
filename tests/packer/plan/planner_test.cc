#include "packer/plan/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/random.h"

namespace kontext {
namespace {

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;

using Stats = std::vector<SegmentStats>;

// "+" for a segment that is kept, "-" for one that is not.
std::string Choose(const Stats& old, const PlanChange& change, const PlanLimits& limits) {
  std::string chosen;
  for (bool kept : ChooseKept(old, change, limits)) chosen += kept ? '+' : '-';
  return chosen;
}

Stats Live(const std::vector<uint64_t>& sizes) {
  Stats stats;
  for (uint64_t size : sizes) stats.push_back({size, size, 0});
  return stats;
}

TEST(PlannerTest, Table) {
  const PlanLimits limits = {12, 4, kMiB};
  const struct {
    const char* name;
    Stats old;
    PlanChange change;
    std::string kept;
  } kCases[] = {
      {"nothing to keep", {}, {10, 1}, ""},
      {"a small change", Live({100 * kMiB}), {kKiB, 1}, "+"},
      {"a small tree that is all new", {{kKiB, 10, 0}}, {kKiB, 1}, "+"},
      {"most of the tree", {{59 * kMiB, 30 * kMiB}}, {61 * kMiB, 1}, "-"},
      {"not quite most of the tree", {{59 * kMiB, 30 * kMiB}}, {59 * kMiB, 1}, "+"},
      {"a change taken back", {{9 * kMiB, 9 * kMiB, 0}, {kKiB, 0, kKiB}}, {kKiB, 1}, "+-"},
      {"it holds more than it hides", {{kMiB, kMiB, 0}, {9, 8, 7}}, {kKiB, 1}, "++"},
      {"all dead", {{kMiB, 0}, {kMiB, 5}}, {kKiB, 1}, "-+"},
      {"garbage within bounds", {{10 * kMiB, 4 * kMiB, 0}}, {0, 1}, "+"},
      {"garbage", {{20 * kMiB, 10 * kMiB, 0}, {20 * kMiB, 4 * kMiB, 0}}, {0, 1}, "+-"},
      {"room for one more", Live({90 * kMiB, 9, 8, 7}), {1, 1}, "++++"},
      {"no room, equal ones", Live({90 * kMiB, 5, 5, 5, 5}), {5, 1}, "+----"},
      {"no room, unequal ones", Live({90 * kMiB, 900, 90, 2, 1}), {1, 1}, "+++--"},
      {"one is enough", Live({90 * kMiB, 900, 90, 9, 1}), {1, 1}, "++++-"},
      {"the least ones, wherever they are", Live({1, 90 * kMiB, 900, 1, 900}), {1, 1}, "-++-+"},
      {"large ones count on their own",
       Live(std::vector<uint64_t>(11, 9 * kMiB)),
       {1, 1},
       "+++++++++++"},
      {"but never too many", Live(std::vector<uint64_t>(12, 9 * kMiB)), {1, 1}, "-+++++++++++"},
      {"large ones that compress well",
       {{9, 9, 0, true}, {8, 8, 0, true}, {7, 7, 0, true}, {6, 6, 0, true}, {5, 5, 0, true}},
       {1, 1},
       "+++++"},
      {"copied in vain", {{9000, 5000, 0, false, true}}, {1, 1}, "-"},
      {"copied to good use", {{9000, 8500, 0, false, true}}, {1, 1}, "+"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(Choose(test.old, test.change, limits), test.kept) << test.name;
  }
}

TEST(PlannerTest, BoundsHoldForAnySegments) {
  Random random;
  const PlanLimits limits;
  for (int round = 0; round < 20000; ++round) {
    Stats old(random.Below(60));
    for (SegmentStats& segment : old) {
      segment.stored = uint64_t{1} << random.Below(34);
      segment.live = random.Below(segment.stored + 1);
      segment.hides = random.Percent(80) ? 0 : random.Below(100000);
    }
    PlanChange change = {uint64_t{1} << random.Below(34), 1 + random.Below(24)};
    std::vector<bool> kept = ChooseKept(old, change, limits);
    ASSERT_EQ(kept.size(), old.size());
    uint64_t stored = 0, live = 0, dropped = 0;
    size_t count = 0, small = 0;
    for (size_t i = 0; i < old.size(); ++i) {
      (kept[i] ? live : dropped) += old[i].live;
      if (!kept[i]) continue;
      stored += old[i].stored;
      ++count;
      small += old[i].live < limits.small_bytes;
    }
    ASSERT_LE(count + change.segments, limits.max_segments);
    ASSERT_LT(small, limits.small_segments);
    ASSERT_LE(stored, 2 * live + change.bytes + dropped + 4 * kMiB);
  }
}

}  // namespace
}  // namespace kontext
