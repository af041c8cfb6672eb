#include "packer/plan/delta.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/segments.h"

namespace kontext {
namespace {

constexpr EntryType kD = EntryType::kDir;
constexpr EntryType kF = EntryType::kFile;
constexpr EntryType kL = EntryType::kSymlink;

Tree MakeTree(const std::vector<std::pair<std::string, Node>>& nodes) {
  Tree tree;
  for (const auto& [path, node] : nodes) tree[path] = node;
  return tree;
}

// A line as "+path" (stored here), "@path at", "=path" (no content), "-path", "!path" (removed
// without whiteout).
std::vector<std::string> Words(const Segment& segment) {
  std::vector<std::string> words;
  size_t next = 0;
  for (size_t i = 0; i < segment.lines.size(); ++i) {
    const IndexEntry& line = segment.lines[i];
    bool stored = next < segment.stored.size() && segment.stored[next] == i;
    next += stored;
    std::string path(line.path);
    if (line.type == EntryType::kRemoved) {
      words.push_back((line.whiteout ? "-" : "!") + path);
    } else if (stored) {
      words.push_back("+" + path);
    } else if (!line.at.empty()) {
      words.push_back("@" + path + " " + std::string(line.at));
    } else {
      words.push_back("=" + path);
    }
  }
  return words;
}

using Nodes = std::vector<std::pair<std::string, Node>>;

TEST(DeltaTest, Table) {
  const Node dir{kD, 0755, ""}, shut{kD, 0700, ""}, one{kF, 0644, "1"}, two{kF, 0644, "2"},
      run{kF, 0755, "1"}, run3{kF, 0755, "3"}, link{kL, 0, "t"}, other{kL, 0, "u"};
  const struct {
    const char* name;
    Nodes old;
    Nodes next;
    std::vector<std::string> words;
  } kCases[] = {
      {"nothing", {}, {}, {}},
      {"the same",
       {{"a", one}, {"d", dir}, {"l", link}},
       {{"a", one}, {"d", dir}, {"l", link}},
       {}},
      {"all new", {}, {{"d", dir}, {"d/f", one}, {"l", link}}, {"=d", "+d/f", "=l"}},
      {"all gone", {{"d", dir}, {"d/f", one}, {"l", link}}, {}, {"-d", "-l"}},
      {"content", {{"a", one}}, {{"a", two}}, {"+a"}},
      {"mode of a file", {{"a", one}}, {{"a", run}}, {"@a a"}},
      {"mode of a directory", {{"d", dir}, {"d/f", one}}, {{"d", shut}, {"d/f", one}}, {"=d"}},
      {"target", {{"l", link}}, {{"l", other}}, {"=l"}},
      {"one of many", {{"a", one}, {"b", two}, {"c", run3}}, {{"a", one}, {"c", run3}}, {"-b"}},
      {"a subdirectory",
       {{"d", dir}, {"d/e", dir}, {"d/e/f", one}, {"d/g", two}},
       {{"d", dir}, {"d/g", two}},
       {"-d/e"}},
      {"directory to file", {{"d", dir}, {"d/f", one}}, {{"d", two}}, {"+d"}},
      {"directory to link", {{"d", dir}, {"d/f", one}}, {{"d", link}}, {"=d"}},
      {"file to directory", {{"d", one}}, {{"d", dir}, {"d/f", one}}, {"=d", "+d/f"}},
      {"file to link", {{"a", one}}, {{"a", link}}, {"=a"}},
      {"link to file", {{"a", link}}, {{"a", one}}, {"+a"}},
      {"names around the slash",
       {{"a", dir}, {"a/x", one}, {"a-", two}, {"a.b", run3}},
       {{"a.b", run3}},
       {"-a", "-a-"}},
      {"not storable", {{".wh.x", one}}, {{".wh.y", two}}, {"!.wh.x", "+.wh.y"}},
  };
  for (const auto& test : kCases) {
    Listing old = ListingOf(MakeTree(test.old));
    Listing next = ListingOf(MakeTree(test.next));
    Delta delta = DeltaBetween(old, next);
    EXPECT_EQ(Words(delta.segment), test.words) << test.name;
    EXPECT_EQ(delta.empty(), test.words.empty()) << test.name;
  }
}

TEST(DeltaTest, WhatIsNotStorableGoesToTheObjects) {
  Tree tree = MakeTree({{".wh.x", {kF, 0644, "abc"}}});
  Listing next = ListingOf(tree);
  Delta delta = DeltaBetween(Listing(), next);
  ASSERT_EQ(delta.segment.lines.size(), 1u);
  EXPECT_EQ(delta.segment.lines[0].at, std::string(kObjectsPath) + "/" + HexOf(Sha("abc")));
  EXPECT_EQ(delta.segment.stored_bytes, 3u);
}

const Node kDir{kD, 0755, ""}, kOne{kF, 0644, "1"}, kTwo{kF, 0644, "2"}, kThree{kF, 0644, "3"},
    kLink{kL, 0, "t"};

// Each row starts from a clean image of `old` and goes on through `steps`; what the last one says.
TEST(DeltaTest, ContentThatIsThereIsNotStoredAgain) {
  const struct {
    const char* name;
    std::vector<Nodes> steps;
    std::vector<std::string> words;
  } kCases[] = {
      {"a file renamed", {{{"a", kOne}}, {{"b", kOne}}}, {"!a", "@b a"}},
      {"a file copied", {{{"a", kOne}}, {{"a", kOne}, {"b", kOne}}}, {"@b a"}},
      {"renamed twice", {{{"a", kOne}}, {{"b", kOne}}, {{"c", kOne}}}, {"!b", "@c a"}},
      {"and back", {{{"a", kOne}}, {{"b", kOne}}, {{"a", kOne}}}, {"@a a", "!b"}},
      {"a directory renamed",
       {{{"d", kDir}, {"d/f", kOne}, {"d/g", kTwo}}, {{"e", kDir}, {"e/f", kOne}, {"e/g", kTwo}}},
       {"!d", "=e", "@e/f d/f", "@e/g d/g"}},
      {"two files swapped",
       {{{"a", kOne}, {"b", kTwo}}, {{"a", kTwo}, {"b", kOne}}},
       {"@a b", "@b a"}},
      {"a log rotated",
       {{{"a", kOne}, {"a.1", kTwo}}, {{"a", kThree}, {"a.1", kOne}, {"a.2", kTwo}}},
       {"+a", "@a.1 a", "@a.2 a.1"}},
      {"a duplicate in one push", {{}, {{"a", kOne}, {"b", kOne}}}, {"+a", "@b a"}},
      {"the place is overwritten", {{{"a", kOne}}, {{"a", kTwo}, {"b", kOne}}}, {"+a", "@b a"}},
      {"the place is overwritten later",
       {{{"a", kOne}}, {{"b", kOne}}, {{"a", kTwo}, {"b", kOne}}},
       {"+a"}},
      {"another copy is left",
       {{{"a", kOne}, {"c", kOne}}, {{"a", kTwo}, {"b", kOne}, {"c", kOne}}},
       {"+a", "@b a"}},
      {"a directory comes in its place",
       {{{"a", kOne}}, {{"a", kDir}, {"a/b", kOne}}},
       {"=a", "+a/b"}},
      {"a link comes above it",
       {{{"d", kDir}, {"d/f", kOne}}, {{"d", kLink}, {"f", kOne}}},
       {"=d", "+f"}},
      {"a file that is elsewhere comes above it",
       {{{"d", kDir}, {"d/f", kOne}, {"g", kTwo}}, {{"d", kTwo}, {"f", kOne}}},
       {"@d g", "@f d/f", "!g"}},
      {"its directory is removed, another of its files is not needed",
       {{{"d", kDir}, {"d/f", kOne}, {"d/g", kTwo}}, {{"f", kOne}}},
       {"!d", "@f d/f"}},
      {"nothing is needed", {{{"d", kDir}, {"d/f", kOne}}, {{"f", kTwo}}}, {"-d", "+f"}},
  };
  for (const auto& test : kCases) {
    std::vector<SegmentLines> segments;
    std::vector<std::string> words;
    for (const Nodes& step : test.steps) {
      std::vector<const SegmentLines*> old;
      for (const SegmentLines& segment : segments) old.push_back(&segment);
      Listing next = ListingOf(MakeTree(step));
      Delta delta = ComputeDelta(Merged(old), next, false);
      words = Words(delta.segment);
      segments.push_back(SegmentLines::Read(IndexOf(delta.segment)));
    }
    EXPECT_EQ(words, test.words) << test.name;
  }
}

TEST(DeltaTest, AMirrorPointsNowhere) {
  Listing old = ListingOf(MakeTree({{"a", kOne}, {"d", kDir}, {"d/f", kTwo}}));
  Tree tree = MakeTree({{"b", kOne}, {"c", kOne}, {"e", kDir}, {"e/f", kTwo}});
  Listing next = ListingOf(tree);
  EXPECT_EQ(Words(DeltaBetween(old, next, true).segment),
            (std::vector<std::string>{"-a", "+b", "+c", "-d", "=e", "+e/f"}));
  tree["b"].mode = 0600;
  Listing shut = ListingOf(tree);
  EXPECT_EQ(Words(DeltaBetween(next, shut, true).segment),
            (std::vector<std::string>{"+b", "+c"}));  // `next` as a plain image had c at b
}

// A segment between these two had set the mode of d; it is gone, but not what the upper layer made
// of d when it passed through.
TEST(DeltaTest, AMirrorSetsModesThatALayerMayHaveChanged) {
  Tree tree = MakeTree({{"d", kDir}, {"d/f", kOne}, {"e", kDir}, {"e/f", kThree}});
  SegmentLines below = LinesOf(ListingOf(tree));
  Segment passing;
  passing.lines = {FileEntry("d/g", "2")};
  passing.stored = {0};
  SegmentLines above = SegmentLines::Read(IndexOf(passing));
  tree["d/g"] = kTwo;
  Listing next = ListingOf(tree);
  const SegmentLines* both[] = {&below, &above};
  Delta delta = ComputeDelta(Merged(both), next, true);
  EXPECT_EQ(Words(delta.segment), (std::vector<std::string>{"=d"}));
  SegmentLines top = SegmentLines::Read(IndexOf(delta.segment));
  const SegmentLines* all[] = {&below, &above, &top};
  EXPECT_TRUE(ComputeDelta(Merged(all), next, true).empty());
}

TEST(DeltaTest, AMirrorHasALineForWhatItPassesThrough) {
  Tree tree = MakeTree({{"a", kDir}, {"a/b", kDir}, {"a/b/f", kOne}, {"c", kDir}, {"c/g", kTwo}});
  Listing old = ListingOf(tree);
  tree["a/b/f"] = kThree;
  tree.erase("c/g");
  Listing next = ListingOf(tree);
  EXPECT_EQ(Words(DeltaBetween(old, next, true).segment),
            (std::vector<std::string>{"=a", "=a/b", "+a/b/f", "=c", "-c/g"}));
}

TEST(DeltaTest, UseOfTheOldSegments) {
  SegmentLines below = LinesOf(ListingOf(MakeTree({{"a", kOne}, {"b", {kF, 0644, "22"}}})));
  SegmentLines above = LinesOf(ListingOf(MakeTree({{"b", {kF, 0644, "333"}}, {"c", kOne}})));
  const SegmentLines* both[] = {&below, &above};
  Listing next = ListingOf(MakeTree({{"b", {kF, 0644, "22"}}, {"c", kOne}, {"z", kOne}}));
  Delta delta = ComputeDelta(Merged(both), next, false);
  EXPECT_EQ(Words(delta.segment), (std::vector<std::string>{"-a", "+b", "@z c"}));
  ASSERT_EQ(delta.use.size(), 2u);
  EXPECT_EQ(delta.use[0].contents.size(), 0u);
  ASSERT_EQ(delta.use[1].contents.size(), 1u);
  EXPECT_EQ(delta.use[1].contents[0]->path, "c");
  EXPECT_EQ(delta.use[1].lines, 1u);
  EXPECT_EQ(delta.use[1].hides, 2u);
}

TEST(PartEndsTest, TheLastPartsAreSmall) {
  using Ends = std::vector<uint64_t>;
  EXPECT_EQ(PartEnds(0, 100), (Ends{0}));
  EXPECT_EQ(PartEnds(124, 100), (Ends{124}));
  EXPECT_EQ(PartEnds(132, 100), (Ends{76, 114, 132}));
  EXPECT_EQ(PartEnds(224, 100), (Ends{132, 198, 224}));
  EXPECT_EQ(PartEnds(274, 100), (Ends{100, 200, 250, 274}));
}

TEST(SplitTest, PartsInOrder) {
  Tree tree;
  for (int i = 0; i < 10; ++i)
    tree["f" + std::to_string(i)] = {kF, 0644, std::string(10, static_cast<char>('a' + i))};
  tree["f3x"] = {kL, 0, "t"};
  Listing next = ListingOf(tree);
  Delta delta = DeltaBetween(Listing(), next);
  for (uint64_t limit : {1, 10, 25, 99, 100, 1000}) {
    std::vector<Segment> parts = Split(delta.segment, limit);
    std::vector<std::string> words;
    for (const Segment& part : parts) {
      uint64_t bytes = 0;
      for (size_t i : part.stored) bytes += part.lines[i].size;
      EXPECT_EQ(bytes, part.stored_bytes);
      EXPECT_LE(bytes, std::max<uint64_t>(limit + limit / 2, 10) + 10);
      for (const std::string& word : Words(part)) words.push_back(word);
    }
    EXPECT_EQ(words, Words(delta.segment)) << limit;
  }
  EXPECT_EQ(Split(delta.segment, 100).size(), 1u);
  EXPECT_EQ(Split(delta.segment, 50).size(), 3u);
  EXPECT_EQ(Split(delta.segment, 25).size(), 4u);
  EXPECT_EQ(Split(delta.segment, 1).size(), 10u);
  EXPECT_EQ(Split(Segment(), 25).size(), 1u);
}

}  // namespace
}  // namespace kontext
