#include "packer/plan/planner.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "tests/support/random.h"

namespace kontext {
namespace {

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;
const PlanLimits kLimits;

TEST(PlannerTest, Table) {
  const std::vector<uint64_t> full(47, 1 * kMiB);
  std::vector<uint64_t> base_and_small(47, 1 * kKiB);
  base_and_small[0] = 1000 * kMiB;
  const struct {
    const char* name;
    std::vector<uint64_t> old;
    uint64_t change;
    uint64_t tree;
    size_t added;
    size_t kept;
  } kCases[] = {
      {"nothing to keep", {}, 10, 10, 1, 0},
      {"small change", {100 * kMiB}, 1 * kKiB, 100 * kMiB, 1, 1},
      {"a small tree that is all new", {1 * kMiB}, 1 * kMiB, 1 * kMiB, 1, 1},
      {"most of the tree", {100 * kMiB}, 51 * kMiB, 100 * kMiB, 1, 0},
      {"half of the tree", {100 * kMiB}, 50 * kMiB, 100 * kMiB, 1, 1},
      {"the last free place", std::vector<uint64_t>(46, kKiB), kKiB, kMiB, 1, 46},
      {"full, all of one size", full, 1, 47 * kMiB, 1, 0},
      {"full, a large one below", base_and_small, 1, 1000 * kMiB, 1, 1},
      {"more than there is room for", {1, 1}, 1, 100, 48, 0},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(ChooseKept(test.old, test.change, test.tree, test.added, kLimits), test.kept)
        << test.name;
  }
}

TEST(PlannerTest, NeverTooManyAndAllWhileThereIsRoom) {
  Random random;
  for (int round = 0; round < 20000; ++round) {
    std::vector<uint64_t> old(random.Below(60));
    for (uint64_t& size : old) size = uint64_t{1} << random.Below(34);
    size_t added = 1 + random.Below(24);
    uint64_t tree = uint64_t{1} << random.Below(36);
    uint64_t change = random.Below(tree + 1);
    size_t kept = ChooseKept(old, change, tree, added, kLimits);
    ASSERT_LE(kept, old.size());
    ASSERT_LE(kept + added, kLimits.max_segments);
    bool room = old.size() + added <= kLimits.max_segments;
    bool clean = change > 4 * kMiB && change > tree / 2;
    if (clean) {
      ASSERT_EQ(kept, 0u);
    }
    if (room && !clean) {
      ASSERT_EQ(kept, old.size());
    }
    // What is folded is not large beside what is kept.
    if (!room && kept > 0) {
      ASSERT_GT(old[kept - 1] / 2,
                change + std::accumulate(old.begin() + static_cast<long>(kept), old.end(), 0ull));
    }
  }
}

// 5,000 pushes of about 4 KiB each on a tree of 1 GiB: what is written stays near the change.
TEST(PlannerTest, ManySmallPushesLeaveTheLargeSegmentAlone) {
  Random random;
  std::vector<uint64_t> segments = {1024 * kMiB};
  uint64_t changed = 0;
  uint64_t written = 0;
  for (int push = 0; push < 5000; ++push) {
    uint64_t change = 1 + random.Below(8 * kKiB);
    size_t kept = ChooseKept(segments, change, 1024 * kMiB, 1, kLimits);
    ASSERT_GE(kept, 1u);
    uint64_t folded =
        std::accumulate(segments.begin() + static_cast<long>(kept), segments.end(), change);
    segments.resize(kept);
    segments.push_back(folded);
    ASSERT_LE(segments.size(), kLimits.max_segments);
    changed += change;
    written += folded;
  }
  EXPECT_LE(written, 8 * changed);
}

}  // namespace
}  // namespace kontext
