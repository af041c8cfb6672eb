// A plan from what a change touches is the plan from everything.
#include "packer/plan/sliced_deltas.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/lines_file.h"
#include "tests/support/segments.h"

namespace kontext {
namespace {

std::vector<std::string_view> ChangesBetween(const Tree& before, const Tree& after) {
  std::vector<std::string_view> changes;
  for (const auto& [path, node] : before) {
    auto now = after.find(path);
    if (now == after.end() || !(now->second == node)) changes.push_back(path);
  }
  for (const auto& [path, node] : after) {
    if (before.count(path) == 0) changes.push_back(path);
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

// The segments as they are looked up.
class Lookups {
 public:
  explicit Lookups(const std::vector<SegmentLines>& read) {
    files_.reserve(read.size());
    for (const SegmentLines& segment : read) files_.push_back(OpenLinesFile(segment));
    for (const LinesFile& file : files_) all_.push_back(&file);
  }
  const std::vector<const LineLookup*>& all() const { return all_; }

 private:
  std::vector<LinesFile> files_;
  std::vector<const LineLookup*> all_;
};

std::optional<Plan> SlicedPlan(const Image& image, const std::vector<SegmentLines>& read,
                               const std::vector<std::string_view>& changes, const Listing& next,
                               const PlanOptions& options, size_t most_lines = SIZE_MAX) {
  Lookups lookups(read);
  ListingLookup entries(next);
  SlicedDeltas deltas(lookups.all(), image.live, changes, entries, most_lines);
  return MakePlan(image.layers, &deltas, options);
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
        std::vector<std::string_view> changes = ChangesBetween(before, tree);
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

// An image that grows by one segment with each push, while others are left out at will.
class Stack {
 public:
  // Plans the next tree on the segments that are kept; with a failure where what the slice gives is
  // not what everything gives.
  void Push(const Tree& tree, const std::vector<bool>& kept) {
    ASSERT_EQ(kept.size(), size());
    Listing next = ListingOf(tree);
    std::vector<SegmentLines> read = Read(image_);
    std::vector<std::string_view> changes = ChangesBetween(tree_, tree);
    DeltaOn whole = Whole(read, next, kept);
    Lookups lookups(read);
    ListingLookup entries(next);
    SlicedDeltas deltas(lookups.all(), image_.live, changes, entries, SIZE_MAX);
    std::optional<DeltaOn> on_all = deltas.Compute(std::vector<bool>(kept.size(), true));
    ASSERT_TRUE(on_all);
    std::optional<DeltaOn> sliced = deltas.Compute(kept);
    ASSERT_TRUE(sliced);
    EXPECT_EQ(IndexOf(sliced->delta.segment).lines, IndexOf(whole.delta.segment).lines);
    EXPECT_EQ(sliced->live, whole.live);
    Take(*sliced, kept);
    ShownPaths shown;
    for (const SegmentIndex& segment : image_.segments) shown.Apply(segment);
    EXPECT_EQ(shown.Missing(Fold(image_.segments)), "");
    tree_ = tree;
  }

  size_t size() const { return image_.segments.size(); }
  const Tree& tree() const { return tree_; }

 private:
  static DeltaOn Whole(const std::vector<SegmentLines>& read, const Listing& next,
                       const std::vector<bool>& kept) {
    std::vector<const SegmentLines*> lines;
    for (size_t i = 0; i < read.size(); ++i) {
      if (kept[i]) lines.push_back(&read[i]);
    }
    DeltaOn on{ComputeDelta(Merged(lines), next, false), std::vector<LiveLines>(read.size())};
    auto use = on.delta.use.begin();
    for (size_t i = 0; i < read.size(); ++i) {
      if (kept[i]) on.live[i] = LiveLinesOf(read[i], *use++);
    }
    return on;
  }

  void Take(const DeltaOn& on, const std::vector<bool>& kept) {
    Image after;
    for (size_t i = 0; i < kept.size(); ++i) {
      if (!kept[i]) continue;
      after.segments.push_back(image_.segments[i]);
      after.live.push_back(on.live[i]);
    }
    after.segments.push_back(IndexOf(on.delta.segment));
    after.live.push_back(LiveLinesOf(on.delta.segment));
    image_ = std::move(after);
  }

  Tree tree_;
  Image image_;
};

// Few names at few depths with few contents: everything hides something.
std::string CrowdedPath(Random* random, bool odd_names) {
  static const std::vector<std::string> kPlain = {"a", "b", "c"};
  static const std::vector<std::string> kOdd = {"a", ".wh.a", "\xff", "b"};
  const std::vector<std::string>& names = odd_names ? kOdd : kPlain;
  std::string path;
  for (size_t depth = 1 + random->Below(3); depth > 0; --depth) {
    path += (path.empty() ? "" : "/") + names[random->Below(names.size())];
  }
  return path;
}

// With the directories that lead to it.
void Put(Tree* tree, const std::string& path, const Node& node) {
  for (size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
    auto dir = tree->find(path.substr(0, end));
    bool there = dir != tree->end() && dir->second.type == EntryType::kDir;
    if (!there) SetNode(tree, path.substr(0, end), {EntryType::kDir, 0755, ""});
  }
  SetNode(tree, path, node);
}

void EditCrowded(Random* random, bool odd_names, Tree* tree) {
  std::string path = CrowdedPath(random, odd_names);
  size_t kind = random->Below(100);
  if (kind < 45) {
    Put(tree, path,
        {EntryType::kFile, random->Percent(80) ? 0644U : 0600U,
         std::string(1 + random->Below(5), 'x')});
  } else if (kind < 60) {
    Put(tree, path, {EntryType::kDir, random->Percent(80) ? 0755U : 0700U, ""});
  } else if (kind < 68) {
    Put(tree, path, {EntryType::kSymlink, 0, std::string(1 + random->Below(2), 't')});
  } else if (kind < 85) {
    EraseBelow(tree, path);
    tree->erase(path);
  } else {
    std::string to = CrowdedPath(random, odd_names);
    if (tree->count(path) == 0 || to == path || IsUnder(to, path) || IsUnder(path, to)) return;
    Tree moved = *tree;
    RenameNode(&moved, path, to);
    bool copied = random->Percent(40);
    Tree result = copied ? *tree : Tree();
    for (const auto& [name, node] : moved) {
      if (name == to || IsUnder(name, to)) Put(&result, name, node);
      if (!copied && name != to && !IsUnder(name, to)) Put(&result, name, node);
    }
    *tree = result;
  }
}

TEST(SlicedDeltasTest, WhateverSegmentsAreLeftOut) {
  Random random;
  for (int round = 0; round < 150; ++round) {
    Stack stack;
    size_t edits = 1 + random.Below(4), dropped = random.Below(30);
    bool odd_names = random.Percent(30);
    for (int push = 0; push < 30; ++push) {
      Tree tree = stack.tree();
      for (size_t i = edits; i > 0; --i) EditCrowded(&random, odd_names, &tree);
      std::vector<bool> kept(stack.size());
      for (size_t i = 0; i < kept.size(); ++i) kept[i] = !random.Percent(dropped);
      stack.Push(tree, kept);
      if (testing::Test::HasFailure()) FAIL() << "round " << round << ", push " << push;
    }
  }
}

Node FileOf(const char* text) { return {EntryType::kFile, 0644, text}; }
Node DirOf(uint32_t mode = 0755) { return {EntryType::kDir, mode, ""}; }

// "b" has to be stored again, and what lies below it in an older layer is live elsewhere.
TEST(SlicedDeltasTest, AFileStoredAgainWhereADirectoryWas) {
  Stack stack;
  Tree tree = {{"a", FileOf("common")}, {"b", DirOf()}, {"b/a", FileOf("precious")}};
  stack.Push(tree, {});
  tree = {{"a", FileOf("common")},
          {"b", FileOf("common")},
          {"c", DirOf()},
          {"c/a", FileOf("precious")}};
  stack.Push(tree, {true});
  tree["a"] = DirOf();
  stack.Push(tree, {true, true});
}

// The same, but "b" is touched since a segment goes that has a directory there.
TEST(SlicedDeltasTest, AFileStoredAgainSinceItsSegmentGoes) {
  Stack stack;
  stack.Push({{"b", DirOf()}, {"b/a", FileOf("precious")}}, {});
  stack.Push({{"b", DirOf(0700)}, {"b/a", FileOf("precious")}, {"r", FileOf("common")}}, {true});
  Tree tree = {{"b", FileOf("common")},
               {"c", DirOf()},
               {"c/a", FileOf("precious")},
               {"r", FileOf("common")}};
  stack.Push(tree, {true, true});
  tree["x"] = FileOf("new");
  stack.Push(tree, {true, false, true});
}

// "p" is shown again when the segment goes that has a directory there, but for a higher one's
// "p/y".
TEST(SlicedDeltasTest, AFileHiddenByAWayThroughIt) {
  Stack stack;
  stack.Push({{"p", FileOf("content")}}, {});
  stack.Push({{"p", DirOf()}}, {true});
  stack.Push({{"p", DirOf()}, {"p/y", FileOf("precious")}}, {true, true});
  stack.Push({{"z", FileOf("precious")}}, {true, true, true});
  stack.Push({{"q", FileOf("other")}, {"z", FileOf("precious")}}, {true, false, true, true});
  stack.Push({{"q", FileOf("content")}, {"z", FileOf("precious")}}, {true, true, true, true});
}

// One line removes "d", and with it what another segment says was removed below it.
TEST(SlicedDeltasTest, WhatWasRemovedBelowWhatIsRemoved) {
  Stack stack;
  stack.Push({{"d", DirOf()}, {"d/e", DirOf()}, {"d/f", FileOf("1")}, {"x", FileOf("2")}}, {});
  stack.Push({{"d", DirOf()}, {"d/e", DirOf()}, {"x", FileOf("2")}}, {true});
  stack.Push({{"x", FileOf("2")}}, {true, true});
  stack.Push({{"x", FileOf("3")}}, {false, true, true});
  stack.Push({{"x", FileOf("4")}}, {true, false, true});
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

  bool CanPlanFor(const Tree& tree, size_t most_lines) const {
    Listing next = ListingOf(tree);
    return SlicedPlan(image_, read_, ChangesBetween(tree_, tree), next, {}, most_lines).has_value();
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
  EXPECT_FALSE(CanPlanFor(next, SIZE_MAX));
  image_.live[0].contents.pop_back();
  EXPECT_FALSE(CanPlanFor(next, SIZE_MAX));
}

}  // namespace
}  // namespace kontext
