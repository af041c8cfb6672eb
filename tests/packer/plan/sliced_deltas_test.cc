// A plan from what a change touches is the plan from everything.
#include "packer/plan/sliced_deltas.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/segments.h"

namespace kontext {
namespace {

constexpr size_t kNoBound = 1 << 30;

VisitLines LinesOf(const SegmentLines& segment) {
  return [&segment](const std::function<void(const IndexEntry& line)>& take) {
    // Views that do not outlive their turn.
    for (const IndexEntry& line : segment.lines) {
      std::string path(line.path), target(line.target), at(line.at);
      IndexEntry given = line;
      given.path = path;
      given.target = target;
      given.at = at;
      take(given);
    }
    return true;
  };
}

std::vector<ChangedPath> ChangesBetween(const Tree& before, const Tree& after) {
  std::vector<ChangedPath> changes;
  for (const auto& [path, node] : before) {
    auto now = after.find(path);
    if (now == after.end()) {
      changes.push_back({path});
    } else if (!(now->second == node)) {
      bool dir = node.type == EntryType::kDir && now->second.type == EntryType::kDir;
      changes.push_back({now->first, dir});
    }
  }
  for (const auto& [path, node] : after) {
    if (before.count(path) == 0) changes.push_back({path});
  }
  return changes;
}

// An image as pushes make it.
struct Image {
  std::vector<SegmentIndex> segments;
  std::vector<OldLayer> layers;
  std::vector<LiveLines> live;
};

std::vector<SegmentLines> Read(const Image& image) {
  std::vector<SegmentLines> read;
  for (const SegmentIndex& segment : image.segments) read.push_back(SegmentLines::Read(segment));
  return read;
}

std::optional<Plan> SlicedPlan(const Image& image, const std::vector<SegmentLines>& read,
                               const std::vector<ChangedPath>& changes, const Listing& next,
                               const PlanOptions& options, size_t most = kNoBound) {
  std::vector<VisitLines> visits;
  for (const SegmentLines& segment : read) visits.push_back(LinesOf(segment));
  SlicedDeltas deltas(visits, image.live, changes, next, most);
  return MakePlan(image.layers, &deltas, next, options);
}

Plan WholePlan(const Image& image, const std::vector<SegmentLines>& read, const Listing& next,
               const PlanOptions& options) {
  std::vector<OldSegment> old;
  for (size_t i = 0; i < read.size(); ++i) old.push_back({&read[i], image.layers[i]});
  return MakePlan(old, next, options);
}

std::string TextOf(const Plan& plan) {
  std::string text;
  for (bool kept : plan.kept) text += kept ? "kept " : "dropped ";
  text += std::to_string(plan.stored_bytes) + "\n";
  for (const Segment& part : plan.parts) text += IndexOf(part).lines + "--\n";
  return text;
}

// What the plan makes of the image.
Image After(const Plan& plan, const Image& image, Random* random) {
  Image after;
  after.live = plan.live;
  for (size_t i = 0; i < image.segments.size(); ++i) {
    if (!plan.kept[i]) continue;
    after.segments.push_back(image.segments[i]);
    after.layers.push_back(image.layers[i]);
  }
  for (const Segment& part : plan.parts) {
    after.segments.push_back(IndexOf(part));
    after.layers.push_back({10 + random->Below(200)});
  }
  return after;
}

// Most files get a content that no other one has: so a slice is not everything.
void MakeDistinct(Random* random, const Tree& before, Tree* tree) {
  for (auto& [path, node] : *tree) {
    auto old = before.find(path);
    bool fresh = old == before.end() || !(old->second == node);
    if (!fresh || node.type != EntryType::kFile || random->Percent(30)) continue;
    node.text = std::string(1 + random->Below(9), 'y') + std::to_string(random->Below(1 << 30));
  }
}

size_t LinesIn(const std::vector<SegmentLines>& segments) {
  size_t count = 0;
  for (const SegmentLines& segment : segments) count += segment.lines.size();
  return count;
}

TEST(SlicedDeltasTest, PlansAsFromEverything) {
  Random random;
  size_t small = 0, dropped = 0, removed = 0, renamed = 0;
  for (int round = 0; round < 300; ++round) {
    PlanOptions options;
    options.limits = {2 + random.Below(12), 1 + random.Below(8), 1 + random.Below(600)};
    options.part_bytes = 1 + random.Below(60);
    Tree tree;
    Image image;
    size_t edits = 1 + random.Below(4);
    for (int push = 0; push < 12; ++push) {
      Tree before = tree;
      for (size_t i = push == 0 ? 150 : edits; i > 0; --i) EditTree(&random, &tree);
      MakeDistinct(&random, before, &tree);
      Listing next = ListingOf(tree);
      std::vector<SegmentLines> read = Read(image);
      Plan whole = WholePlan(image, read, next, options);
      if (push > 0) {
        std::vector<ChangedPath> changes = ChangesBetween(before, tree);
        std::optional<Plan> part = SlicedPlan(image, read, changes, next, options);
        ASSERT_TRUE(part) << "round " << round << ", push " << push;
        ASSERT_EQ(TextOf(*part), TextOf(whole)) << "round " << round << ", push " << push;
        ASSERT_EQ(part->live, whole.live) << "round " << round << ", push " << push;
        size_t third = LinesIn(read) / 3;
        small += SlicedPlan(image, read, changes, next, options, third).has_value();
        for (bool kept : whole.kept) dropped += !kept;
        for (const IndexEntry& line : whole.parts.front().lines) {
          removed += line.type == EntryType::kRemoved;
          renamed += !line.at.empty();
        }
      }
      image = After(whole, image, &random);
    }
  }
  // That all of it came up.
  EXPECT_GT(small, 100u);
  EXPECT_GT(dropped, 500u);
  EXPECT_GT(removed, 500u);
  EXPECT_GT(renamed, 500u);
}

class SlicedDeltasOfASmallImageTest : public testing::Test {
 protected:
  SlicedDeltasOfASmallImageTest() {
    for (int i = 0; i < 20; ++i) tree_["f" + std::to_string(i)] = {EntryType::kFile, 0644, "same"};
    tree_["other"] = {EntryType::kFile, 0644, "alone"};
    Random random;
    Listing listing = ListingOf(tree_);
    Plan plan = WholePlan({}, {}, listing, {});
    image_ = After(plan, {}, &random);
    read_ = Read(image_);
  }

  bool CanPlanFor(const Tree& tree, size_t most) const {
    Listing next = ListingOf(tree);
    return SlicedPlan(image_, read_, ChangesBetween(tree_, tree), next, {}, most).has_value();
  }

  Tree tree_;
  Image image_;
  std::vector<SegmentLines> read_;
};

TEST_F(SlicedDeltasOfASmallImageTest, NothingWhenTheChangeTouchesTooMuch) {
  Tree alone = tree_;
  alone["other"].text = "new";
  EXPECT_TRUE(CanPlanFor(alone, 5));
  // One content for all of these.
  Tree shared = tree_;
  shared["f3"].text = "new";
  EXPECT_FALSE(CanPlanFor(shared, 5));
  EXPECT_TRUE(CanPlanFor(shared, 100));
}

TEST_F(SlicedDeltasOfASmallImageTest, NothingWhenWhatIsLiveIsNotWhatTheLinesSay) {
  Tree next = tree_;
  next["other"].text = "new";
  for (size_t line = 0; line < image_.live[0].contents.size(); ++line) {
    if (read_[0].lines[line].path == "other") image_.live[0].contents[line] = false;
  }
  EXPECT_FALSE(CanPlanFor(next, kNoBound));
  image_.live[0].contents.pop_back();
  EXPECT_FALSE(CanPlanFor(next, kNoBound));
}

TEST_F(SlicedDeltasOfASmallImageTest, NothingWhenLinesAreNotThere) {
  Tree tree = tree_;
  tree["other"].text = "new";
  Listing next = ListingOf(tree);
  std::vector<ChangedPath> changes = ChangesBetween(tree_, tree);
  VisitLines lines = LinesOf(read_[0]);
  for (int there = 0; there < 2; ++there) {
    int visits = 0;  // the second one finds nothing more
    VisitLines vanishing = [&](const std::function<void(const IndexEntry& line)>& take) {
      return ++visits <= there && lines(take);
    };
    SlicedDeltas deltas({vanishing}, image_.live, changes, next, kNoBound);
    EXPECT_FALSE(MakePlan(image_.layers, &deltas, next, {})) << there;
  }
}

}  // namespace
}  // namespace kontext
