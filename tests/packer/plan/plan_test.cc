#include "packer/plan/plan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/segments.h"

namespace kontext {
namespace {

// Live bytes of a layer of 1,100 KiB when `gone` is no more in the tree.
uint64_t LiveWithout(const std::string& gone, std::string_view hint) {
  Tree tree;
  for (const char* name : {"a", "b", ".wh.c"}) {
    tree[name] = {EntryType::kFile, 0644, name + std::string(100000, 'x')};
  }
  SegmentLines lines = LinesOf(ListingOf(tree));
  tree.erase(gone);
  const SegmentLines* all[] = {&lines};
  OldSegment old = {&lines, {1100 << 10, false, hint}};
  Delta delta = ComputeDelta(Merged(all), ListingOf(tree), false);
  return StatsOf({&old, 1}, delta.use)[0].live;
}

TEST(PlanTest, LiveBytesByTheHint) {
  constexpr uint64_t kKiB = 1024;
  // Contents in the order of the index: that of the objects folder, then "a", "b".
  constexpr char kHint[] = "1:50,1:1000,1:50";
  EXPECT_NEAR(LiveWithout("a", kHint), 100 * kKiB, 2 * kKiB);
  EXPECT_NEAR(LiveWithout("b", kHint), 1050 * kKiB, 2 * kKiB);
  EXPECT_NEAR(LiveWithout(".wh.c", kHint), 1050 * kKiB, 2 * kKiB);
  EXPECT_NEAR(LiveWithout("none", kHint), 1100 * kKiB, 2 * kKiB);
}

TEST(PlanTest, AHintThatIsNone) {
  uint64_t by_bytes = LiveWithout("a", "");
  EXPECT_NEAR(by_bytes, 1100 * 1024 * 2 / 3, 2048);
  for (const char* damaged : {"1:50", "1:50,1:1000,2:50", "what", "3:99999999999999"}) {
    EXPECT_EQ(LiveWithout("a", damaged), by_bytes) << damaged;
  }
  // One that is wrong makes no more live than there is.
  EXPECT_LE(LiveWithout("a", "2:0,1:999999999"), uint64_t{1100} << 10);
  EXPECT_LE(LiveWithout("a", "3:0"), uint64_t{1100} << 10);
}

}  // namespace
}  // namespace kontext
