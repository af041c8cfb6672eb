// Random histories: whatever segments are kept, the computed ones make the image right again
// (design 3.3, rules 1 to 4), for plain images and for mirrors.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "packer/plan/plan.h"
#include "tests/support/segments.h"

namespace kontext {
namespace {

using Segments = std::vector<SegmentIndex>;

std::vector<SegmentLines> Read(const Segments& segments) {
  std::vector<SegmentLines> read;
  for (const SegmentIndex& segment : segments) read.push_back(SegmentLines::Read(segment));
  return read;
}

Merged Merge(const std::vector<SegmentLines>& read) {
  std::vector<const SegmentLines*> lines;
  for (const SegmentLines& segment : read) lines.push_back(&segment);
  return Merged(lines);
}

// Adds the segments that turn what `kept` shows into `tree`.
void Push(Random* random, const Tree& tree, bool mirror, Segments* kept) {
  std::vector<SegmentLines> read = Read(*kept);
  Listing next = ListingOf(tree);
  Delta delta = ComputeDelta(Merge(read), next, mirror);
  if (delta.empty() && !kept->empty()) return;
  for (Segment& part : Split(delta.segment, 1 + random->Below(40))) {
    if (mirror) AddParents(next, &part);
    kept->push_back(IndexOf(part));
  }
}

void Check(const Segments& segments, const Tree& tree, bool mirror) {
  Listing folded = Fold(segments);
  ASSERT_EQ(TextOf(folded), ListingTextOf(tree));
  ShownPaths shown;
  for (const SegmentIndex& segment : segments) shown.Apply(segment);
  ASSERT_EQ(shown.Missing(folded), "");
  if (mirror) {
    ASSERT_EQ(shown.Text(), StorableTextOf(tree));
  }
  std::vector<SegmentLines> read = Read(segments);
  Listing next = ListingOf(tree);
  ASSERT_TRUE(ComputeDelta(Merge(read), next, mirror).empty());
}

// What the next plan would find to be live of an image that nothing changes in.
std::vector<LiveLines> LiveOf(const Segments& segments, const Tree& tree) {
  std::vector<SegmentLines> read = Read(segments);
  Delta delta = ComputeDelta(Merge(read), ListingOf(tree), false);
  std::vector<LiveLines> live;
  for (size_t i = 0; i < read.size(); ++i) live.push_back(LiveLinesOf(read[i], delta.use[i]));
  return live;
}

void Edit(Random* random, size_t most, Tree* tree) {
  for (size_t edits = random->Below(most); edits > 0; --edits) EditTree(random, tree);
}

class HistoryPropertyTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(PlainAndMirror, HistoryPropertyTest, testing::Bool());

TEST_P(HistoryPropertyTest, KeepingTheLowestSegments) {
  Random random;
  for (int round = 0; round < 200; ++round) {
    Tree tree;
    Segments segments;
    for (int push = 0; push < 8; ++push) {
      Edit(&random, push == 0 ? 40 : 10, &tree);
      if (random.Percent(30)) segments.resize(random.Below(segments.size() + 1));
      Push(&random, tree, GetParam(), &segments);
      Check(segments, tree, GetParam());
      if (HasFatalFailure()) FAIL() << "round " << round << ", push " << push;
    }
  }
}

TEST(HistoryPropertyTest, KeepingAnySegments) {
  Random random;
  for (int round = 0; round < 600; ++round) {
    Tree tree;
    Segments segments;
    for (int push = 0; push < 6; ++push) {
      Edit(&random, push == 0 ? 25 : 8, &tree);
      std::erase_if(segments, [&](const SegmentIndex&) { return random.Percent(25); });
      Push(&random, tree, false, &segments);
      Check(segments, tree, false);
      if (HasFatalFailure()) FAIL() << "round " << round << ", push " << push;
    }
  }
}

// Segments of two images, one's on top of the other's.
TEST(HistoryPropertyTest, MixingTheSegmentsOfImages) {
  Random random;
  for (int round = 0; round < 300; ++round) {
    Tree tree;
    Segments images[2];
    for (Segments& image : images) {
      for (int push = 0; push < 3; ++push) {
        Edit(&random, 15, &tree);
        Push(&random, tree, false, &image);
      }
    }
    Segments mixed = images[0];
    for (const SegmentIndex& segment : images[1]) mixed.push_back(segment);
    Edit(&random, 5, &tree);
    Push(&random, tree, false, &mixed);
    Check(mixed, tree, false);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

// As a push does it, with limits that are always near.
TEST_P(HistoryPropertyTest, Plans) {
  Random random;
  for (int round = 0; round < 150; ++round) {
    PlanOptions options;
    options.limits = {2 + random.Below(6), 1 + random.Below(4), 1 + random.Below(600)};
    options.part_bytes = 1 + random.Below(60);
    Tree tree;
    Segments segments;
    for (int push = 0; push < 10; ++push) {
      Edit(&random, push == 0 ? 40 : 10, &tree);
      options.mirror = GetParam() && random.Percent(80);  // an image may be switched over
      std::vector<SegmentLines> read = Read(segments);
      std::vector<OldSegment> old;
      for (const SegmentLines& segment : read) old.push_back({&segment, {10 + random.Below(200)}});
      Listing next = ListingOf(tree);
      Plan plan = MakePlan(old, next, options);
      Segments kept;
      for (size_t i = 0; i < segments.size(); ++i) {
        if (plan.kept[i]) kept.push_back(segments[i]);
      }
      for (const Segment& part : plan.parts) kept.push_back(IndexOf(part));
      segments = kept;
      ASSERT_LE(segments.size(), options.limits.max_segments);
      Check(segments, tree, options.mirror);
      if (!options.mirror) {
        ASSERT_EQ(plan.live, LiveOf(segments, tree));
      }
      if (HasFatalFailure()) FAIL() << "round " << round << ", push " << push;
    }
  }
}

}  // namespace
}  // namespace kontext
