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
      run{kF, 0755, "1"}, link{kL, 0, "t"}, other{kL, 0, "u"};
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
      {"one of many", {{"a", one}, {"b", one}, {"c", one}}, {{"a", one}, {"c", one}}, {"-b"}},
      {"a subdirectory",
       {{"d", dir}, {"d/e", dir}, {"d/e/f", one}, {"d/g", one}},
       {{"d", dir}, {"d/g", one}},
       {"-d/e"}},
      {"directory to file", {{"d", dir}, {"d/f", one}}, {{"d", one}}, {"+d"}},
      {"directory to link", {{"d", dir}, {"d/f", one}}, {{"d", link}}, {"=d"}},
      {"file to directory", {{"d", one}}, {{"d", dir}, {"d/f", one}}, {"=d", "+d/f"}},
      {"file to link", {{"a", one}}, {{"a", link}}, {"=a"}},
      {"link to file", {{"a", link}}, {{"a", one}}, {"+a"}},
      {"names around the slash",
       {{"a", dir}, {"a/x", one}, {"a-", one}, {"a.b", one}},
       {{"a.b", one}},
       {"-a", "-a-"}},
      {"not storable", {{".wh.x", one}}, {{".wh.y", one}}, {"!.wh.x", "+.wh.y"}},
  };
  for (const auto& test : kCases) {
    Listing old = ListingOf(MakeTree(test.old));
    Listing next = ListingOf(MakeTree(test.next));
    Delta delta = ComputeDelta(old, {}, next);
    EXPECT_EQ(Words(delta.segment), test.words) << test.name;
    EXPECT_EQ(delta.empty(), test.words.empty()) << test.name;
  }
}

TEST(DeltaTest, WhatIsNotStorableGoesToTheObjects) {
  Tree tree = MakeTree({{".wh.x", {kF, 0644, "abc"}}});
  Listing next = ListingOf(tree);
  Delta delta = ComputeDelta(Listing(), {}, next);
  ASSERT_EQ(delta.segment.lines.size(), 1u);
  EXPECT_EQ(delta.segment.lines[0].at, std::string(kObjectsPath) + "/" + HexOf(Sha("abc")));
  EXPECT_EQ(delta.segment.stored_bytes, 3u);
}

TEST(DeltaTest, WhatTheLayersDoNotShowIsStoredAgain) {
  Tree tree = MakeTree({{"a", {kF, 0644, "1"}}, {"b", {kF, 0644, "2"}}, {"c", {kF, 0644, "3"}}});
  Listing old = ListingOf(tree);
  tree["c"].mode = 0600;
  Listing next = ListingOf(tree);
  EXPECT_EQ(Words(ComputeDelta(old, {0, 2}, next).segment), (std::vector<std::string>{"+a", "+c"}));
}

TEST(SplitTest, PartsInOrder) {
  Tree tree;
  for (int i = 0; i < 10; ++i) tree["f" + std::to_string(i)] = {kF, 0644, std::string(10, 'x')};
  tree["f3x"] = {kL, 0, "t"};
  Listing next = ListingOf(tree);
  Delta delta = ComputeDelta(Listing(), {}, next);
  for (uint64_t limit : {1, 10, 25, 99, 100, 1000}) {
    std::vector<Segment> parts = Split(delta.segment, limit);
    std::vector<std::string> words;
    for (const Segment& part : parts) {
      uint64_t bytes = 0;
      for (size_t i : part.stored) bytes += part.lines[i].size;
      EXPECT_EQ(bytes, part.stored_bytes);
      EXPECT_LE(bytes, std::max<uint64_t>(limit, 10));
      for (const std::string& word : Words(part)) words.push_back(word);
    }
    EXPECT_EQ(words, Words(delta.segment)) << limit;
  }
  EXPECT_EQ(Split(delta.segment, 100).size(), 1u);
  EXPECT_EQ(Split(delta.segment, 25).size(), 5u);
  EXPECT_EQ(Split(Segment(), 25).size(), 1u);
}

}  // namespace
}  // namespace kontext
