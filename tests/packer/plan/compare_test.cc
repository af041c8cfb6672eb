#include "packer/plan/compare.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/segments.h"

namespace kontext {
namespace {

constexpr EntryType kD = EntryType::kDir;
constexpr EntryType kF = EntryType::kFile;
constexpr EntryType kL = EntryType::kSymlink;

using Nodes = std::vector<std::pair<std::string, Node>>;

Tree MakeTree(const Nodes& nodes) {
  Tree tree;
  for (const auto& [path, node] : nodes) tree[path] = node;
  return tree;
}

// "added a 3", "moved a -> b 3", "moved a/ -> b/ (2) 6", "removed d/".
std::string Word(const Change& change) {
  constexpr const char* kNames[] = {"added",  "changed", "removed", "moved",
                                    "copied", "mode",    "type",    "target"};
  std::string slash = change.type == kD ? "/" : "";
  std::string word = kNames[static_cast<size_t>(change.kind)];
  if (!change.from.empty()) word += " " + std::string(change.from) + slash + " ->";
  word += " " + std::string(change.path) + slash;
  if (change.files > 0 && change.type == kD) word += " (" + std::to_string(change.files) + ")";
  if (change.bytes > 0) word += " " + std::to_string(change.bytes);
  return word;
}

std::vector<Change> CompareTrees(const Listing& before, const Listing& after, bool stored) {
  return Compare(before, after, std::vector<bool>(after.entries().size(), stored));
}

std::vector<std::string> WordsOf(const Nodes& before, const Nodes& after) {
  Listing old = ListingOf(MakeTree(before)), now = ListingOf(MakeTree(after));
  std::vector<std::string> words;
  for (const Change& change : CompareTrees(old, now, false)) words.push_back(Word(change));
  return words;
}

const Node kDir{kD, 0755, ""}, kShut{kD, 0700, ""}, kOne{kF, 0644, "1"}, kTwo{kF, 0644, "22"},
    kThree{kF, 0644, "333"}, kRun{kF, 0755, "1"}, kEmpty{kF, 0644, ""}, kLink{kL, 0, "t"},
    kOther{kL, 0, "u"};

TEST(CompareTest, Table) {
  const struct {
    const char* name;
    Nodes before;
    Nodes after;
    std::vector<std::string> words;
  } kCases[] = {
      {"nothing", {}, {}, {}},
      {"the same", {{"a", kOne}, {"l", kLink}}, {{"a", kOne}, {"l", kLink}}, {}},
      {"all new",
       {},
       {{"d", kDir}, {"d/f", kOne}, {"l", kLink}},
       {"added d/f 1", "added d/", "added l"}},
      {"all gone", {{"d", kDir}, {"d/f", kOne}}, {}, {"removed d/f 1", "removed d/"}},
      {"largest first, then by path",
       {},
       {{"a", kOne}, {"b", kThree}, {"c", kThree}, {"d", kTwo}},
       {"added b 3", "added c 3", "added d 2", "added a 1"}},
      {"content", {{"a", kOne}}, {{"a", kTwo}}, {"changed a 2"}},
      {"content and mode", {{"a", kTwo}}, {{"a", kRun}}, {"changed a 1"}},
      {"mode of a file", {{"a", kOne}}, {{"a", kRun}}, {"mode a 1"}},
      {"mode of a directory", {{"d", kDir}}, {{"d", kShut}}, {"mode d/"}},
      {"target", {{"l", kLink}}, {{"l", kOther}}, {"target l"}},
      {"file to directory",
       {{"d", kTwo}},
       {{"d", kDir}, {"d/f", kOne}},
       {"added d/f 1", "type d/"}},
      {"directory to link",
       {{"d", kDir}, {"d/f", kOne}},
       {{"d", kLink}},
       {"removed d/f 1", "type d"}},
      {"a file renamed", {{"a", kOne}}, {{"b", kOne}}, {"moved a -> b 1"}},
      {"a file renamed, with another mode", {{"a", kOne}}, {{"b", kRun}}, {"moved a -> b 1"}},
      {"a file copied", {{"a", kOne}}, {{"a", kOne}, {"b", kOne}}, {"copied a -> b 1"}},
      {"moved and copied",
       {{"a", kOne}},
       {{"b", kOne}, {"c", kOne}},
       {"moved a -> b 1", "copied a -> c 1"}},
      {"copied from a path that stays",
       {{"a", kOne}, {"b", kOne}},
       {{"b", kOne}, {"c", kOne}, {"d", kOne}},
       {"moved a -> c 1", "copied b -> d 1"}},
      {"twice the same new content is no copy",
       {},
       {{"a", kOne}, {"b", kOne}},
       {"added a 1", "added b 1"}},
      {"swapped",
       {{"a", kOne}, {"b", kTwo}},
       {{"a", kTwo}, {"b", kOne}},
       {"changed a 2", "changed b 1"}},
      {"an empty file is like any other",
       {{"a", kEmpty}, {"c", kEmpty}},
       {{"b", kEmpty}, {"c", kEmpty}},
       {"removed a", "added b"}},
      {"an empty file under its own name",
       {{"a", kEmpty}},
       {{"d", kDir}, {"d/a", kEmpty}},
       {"added d/", "moved a -> d/a"}},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(WordsOf(test.before, test.after), test.words) << test.name;
  }
}

TEST(CompareTest, Directories) {
  const Nodes kTree = {{"a", kDir},     {"a/e", kEmpty}, {"a/f", kTwo},
                       {"a/l", kLink},  {"a/x", kDir},   {"a/x/e", kEmpty},
                       {"a/x/f", kOne}, {"a/x/g", kOne}, {"a/y", kDir}};
  Nodes moved;
  for (const auto& [path, node] : kTree) moved.emplace_back("b" + path.substr(1), node);
  EXPECT_EQ(WordsOf(kTree, moved), std::vector<std::string>{"moved a/ -> b/ (5) 4"});
  Nodes more = moved;
  more.emplace_back("b/more", kThree);
  EXPECT_EQ(WordsOf(kTree, more),
            (std::vector<std::string>{"moved a/ -> b/ (5) 4", "added b/more 3"}));
  Nodes deep = {{"p", kDir}, {"p/q", kDir}};
  for (const auto& [path, node] : kTree) deep.emplace_back("p/q/" + path, node);
  EXPECT_EQ(WordsOf(kTree, deep),
            (std::vector<std::string>{"moved a/ -> p/q/a/ (5) 4", "added p/", "added p/q/"}));
  Nodes edited = moved;
  edited[2].second = kThree;  // b/f: so a is told file by file, a/x as one
  EXPECT_EQ(WordsOf(kTree, edited),
            (std::vector<std::string>{"added b/f 3", "removed a/f 2", "moved a/x/ -> b/x/ (3) 2",
                                      "removed a/", "removed a/l", "removed a/y/", "added b/",
                                      "moved a/e -> b/e", "added b/l", "added b/y/"}));
}

TEST(CompareTest, EqualFilesOfTwoDirectoriesStayApart) {
  Nodes before = {{"a", kDir}, {"a/e", kEmpty}, {"a/n", kThree}, {"a/u", kOne},
                  {"b", kDir}, {"b/e", kEmpty}, {"b/n", kThree}, {"b/u", kTwo}};
  Nodes after = {{"c", kDir}, {"c/e", kEmpty}, {"c/n", kThree}, {"c/u", kTwo},
                 {"d", kDir}, {"d/e", kEmpty}, {"d/n", kThree}, {"d/u", kOne}};
  EXPECT_EQ(WordsOf(before, after),
            (std::vector<std::string>{"moved b/ -> c/ (3) 5", "moved a/ -> d/ (3) 4"}));
}

TEST(CompareTest, WhatIsSentComesFirst) {
  Listing old = ListingOf(MakeTree({{"gone", {kF, 0644, "a long content"}}}));
  Listing now = ListingOf(MakeTree({{"a", kThree}, {"b", kTwo}, {"c", kOne}}));
  std::vector<Change> changes = Compare(old, now, {false, true, false});
  std::vector<std::string> words;
  for (const Change& change : changes) words.push_back(Word(change));
  EXPECT_EQ(words,
            (std::vector<std::string>{"added b 2", "removed gone 14", "added a 3", "added c 1"}));
  EXPECT_EQ(changes[0].sent, 2u);
  EXPECT_EQ(changes[2].sent, 0u);
}

// Each file of either side is told of once, or is the same on both.
TEST(CompareTest, EveryFileIsToldOfOnce) {
  Random random;
  for (int round = 0; round < 300; ++round) {
    Tree tree;
    for (size_t edits = random.Below(30); edits > 0; --edits) EditTree(&random, &tree);
    Listing old = ListingOf(tree);
    for (size_t edits = random.Below(12); edits > 0; --edits) EditTree(&random, &tree);
    Listing now = ListingOf(tree);
    uint64_t arrived = 0, left = 0, sent = 0;
    for (const Change& change : CompareTrees(old, now, true)) {
      bool new_path = change.kind == ChangeKind::kAdded || change.kind == ChangeKind::kMoved ||
                      change.kind == ChangeKind::kCopied;
      bool old_path = change.kind == ChangeKind::kRemoved || change.kind == ChangeKind::kMoved;
      arrived += new_path ? change.files : 0;
      left += old_path ? change.files : 0;
      sent += change.sent;
      if (change.type == kF && change.kind == ChangeKind::kType) ++arrived;
    }
    // Files that became something else are told of as what they are now.
    uint64_t turned = 0, stayed_bytes = 0;
    Tree before;
    for (const IndexEntry& entry : old.entries()) before[std::string(entry.path)].type = entry.type;
    for (const IndexEntry& entry : now.entries()) {
      auto found = before.find(entry.path);
      turned += found != before.end() && found->second.type == kF && entry.type != kF;
    }
    for (const IndexEntry& entry : now.entries()) {
      for (const IndexEntry& was : old.entries()) {
        bool same = was.path == entry.path && was.type == kF && entry.type == kF &&
                    was.sha256 == entry.sha256 && was.mode == entry.mode;
        if (same) stayed_bytes += entry.size;
      }
    }
    EXPECT_EQ(old.Totals().files + arrived - left - turned, now.Totals().files) << round;
    EXPECT_EQ(sent + stayed_bytes, now.Totals().bytes) << round;
  }
}

}  // namespace
}  // namespace kontext
