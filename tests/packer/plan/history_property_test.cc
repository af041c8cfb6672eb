// Random histories: whatever segments are kept, the computed ones make the image right again
// (design 3.3, rules 1 to 3).
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "packer/error.h"
#include "tests/support/segments.h"

namespace kontext {
namespace {

// Adds the segments that turn what `kept` shows into `tree`.
void Push(Random* random, const Tree& tree, std::vector<SegmentIndex>* kept) {
  Listing old = Fold(*kept);
  Listing next = ListingOf(tree);
  Delta delta = ComputeDelta(old, FindUnplaced(*kept, old), next);
  if (delta.empty() && !kept->empty()) return;
  for (const Segment& part : Split(delta.segment, 1 + random->Below(40))) {
    kept->push_back(WriteIndex(part));
  }
}

void Check(const std::vector<SegmentIndex>& segments, const Tree& tree) {
  Listing folded = Fold(segments);
  ASSERT_EQ(TextOf(folded), ListingTextOf(tree));
  ShownFiles shown;
  for (const SegmentIndex& segment : segments) shown.Apply(segment);
  ASSERT_EQ(shown.Missing(folded), "");
  ASSERT_TRUE(FindUnplaced(segments, folded).empty());
}

// Some of the segments in their order. One without another may leave a path without its
// directory: then there is nothing to build on.
std::optional<std::vector<SegmentIndex>> SomeOf(Random* random,
                                                const std::vector<SegmentIndex>& segments) {
  std::vector<SegmentIndex> kept;
  for (const SegmentIndex& segment : segments) {
    if (random->Percent(80)) kept.push_back(segment);
  }
  try {
    Fold(kept);
    return kept;
  } catch (const Error&) {
    return std::nullopt;
  }
}

void Edit(Random* random, size_t most, Tree* tree) {
  for (size_t edits = random->Below(most); edits > 0; --edits) EditTree(random, tree);
}

TEST(HistoryPropertyTest, KeepingTheLowestSegments) {
  Random random;
  for (int round = 0; round < 200; ++round) {
    Tree tree;
    std::vector<SegmentIndex> segments;
    for (int push = 0; push < 8; ++push) {
      Edit(&random, push == 0 ? 40 : 10, &tree);
      if (random.Percent(30)) segments.resize(random.Below(segments.size() + 1));
      Push(&random, tree, &segments);
      Check(segments, tree);
      if (HasFatalFailure()) FAIL() << "round " << round << ", push " << push;
    }
  }
}

TEST(HistoryPropertyTest, KeepingAnySegmentsThatHoldTogether) {
  Random random;
  int subsets = 0;
  for (int round = 0; round < 400; ++round) {
    Tree tree;
    std::vector<SegmentIndex> segments;
    for (int push = 0; push < 6; ++push) {
      Edit(&random, push == 0 ? 25 : 8, &tree);
      if (auto kept = SomeOf(&random, segments)) {
        subsets += kept->size() < segments.size();
        segments = *kept;
      }
      Push(&random, tree, &segments);
      Check(segments, tree);
      if (HasFatalFailure()) FAIL() << "round " << round << ", push " << push;
    }
  }
  EXPECT_GT(subsets, 100);
}

}  // namespace
}  // namespace kontext
