#include "packer/plan/merged.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/layout.h"
#include "tests/support/segments.h"

namespace kontext {
namespace {

using Lines = std::vector<IndexEntry>;

SegmentLines Segment(const Lines& lines) {
  SegmentIndex index;
  for (const IndexEntry& line : lines) index.lines += LineOf(line);
  index.digest = Sha(index.lines);
  return SegmentLines::Read(index);
}

class MergedTest : public testing::Test {
 protected:
  Merged Merge(const std::vector<Lines>& segments) {
    read_.clear();
    for (const Lines& lines : segments) read_.push_back(Segment(lines));
    std::vector<const SegmentLines*> pointers;
    for (const SegmentLines& lines : read_) pointers.push_back(&lines);
    return Merged(pointers);
  }

  std::vector<SegmentLines> read_;
};

TEST_F(MergedTest, WhatIsShownAtAPath) {
  const Lines has = {DirEntry("d"), FileEntry("d/a", "1")};
  const struct {
    const char* name;
    std::vector<Lines> segments;
    bool shown;
  } kCases[] = {
      {"put there", {has}, true},
      {"never there", {{DirEntry("d")}}, false},
      {"pointed at elsewhere", {has, {FileEntry("d/a", "1", "z")}}, true},
      {"its mode", {has, {FileEntry("d/a", "1", "d/a")}}, true},
      {"other content", {has, {FileEntry("d/a", "2")}}, false},
      {"whited out", {has, {RemovedEntry("d/a")}}, false},
      {"whited out with its directory", {has, {RemovedEntry("d")}}, false},
      {"whited out and put again", {has, {RemovedEntry("d")}, {FileEntry("d/a", "1")}}, true},
      {"removed, not whited out", {has, {RemovedEntry("d/a", false)}}, true},
      {"its directory removed, not whited out", {has, {RemovedEntry("d", false)}}, true},
      {"covered by a link", {has, {LinkEntry("d", "t")}}, false},
      {"covered by a file", {has, {FileEntry("d", "x")}}, false},
      {"below a file that is elsewhere", {has, {FileEntry("d", "x", "z")}}, true},
      {"a mode of its directory", {has, {DirEntry("d", 0700)}}, true},
      {"passed through", {has, {FileEntry("d/a/b", "2")}}, false},
      {"passed through for a whiteout", {has, {RemovedEntry("d/a/b")}}, false},
      {"put on what was passed through", {{FileEntry("d/a/b", "2")}, has}, true},
      {"covered, then passed through",
       {has, {FileEntry("d", "x")}, {FileEntry("d/b", "2")}},
       false},
  };
  for (const auto& test : kCases) {
    Merged merged = Merge(test.segments);
    uint32_t row = merged.Find("d/a");
    bool shown = row != Merged::kNone && merged.rows()[row].ShowsFile() &&
                 merged.rows()[row].shown->sha256 == Sha("1");
    EXPECT_EQ(shown, test.shown) << test.name;
  }
}

TEST_F(MergedTest, WhoHidesWhat) {
  const Lines has = {DirEntry("d"), FileEntry("d/a", "1")};
  const struct {
    const char* name;
    std::vector<Lines> segments;
    uint32_t hidden_by;
  } kCases[] = {
      {"nobody", {has, {}}, Merged::kNone},
      {"other content", {has, {FileEntry("d/a", "2")}}, 1},
      {"a whiteout", {has, {}, {RemovedEntry("d/a")}}, 2},
      {"a whiteout above", {has, {}, {RemovedEntry("d")}}, 2},
      {"a directory", {has, {DirEntry("d/a")}}, 1},
      {"a layer that passes through", {has, {FileEntry("d/a/b", "2")}}, 1},
  };
  for (const auto& test : kCases) {
    Merged merged = Merge(test.segments);
    const Merged::Row& row = merged.rows()[merged.Find("d/a")];
    EXPECT_EQ(row.hidden_by, test.hidden_by) << test.name;
    EXPECT_EQ(row.hidden != nullptr, test.hidden_by != Merged::kNone) << test.name;
  }
}

TEST_F(MergedTest, ParentsThatNoLineNamesHaveRows) {
  Merged merged = Merge({{FileEntry("a/b/c", "1")}, {RemovedEntry("x/y")}});
  std::vector<std::string> rows;
  for (const Merged::Row& row : merged.rows()) {
    rows.push_back(std::string(row.path) + (row.shown != nullptr ? "!" : "") +
                   (row.listed != nullptr ? "+" : ""));
  }
  EXPECT_EQ(rows, (std::vector<std::string>{"a!", "a/b!", "a/b/c!+", "x!", "x/y"}));
  EXPECT_EQ(merged.EndBelow(0), 3u);
  EXPECT_EQ(merged.EndBelow(2), 3u);
  EXPECT_EQ(merged.EndBelow(3), 5u);
}

TEST_F(MergedTest, Objects) {
  Merged merged = Merge({{ObjectEntry("1")}, {ObjectEntry("1"), ObjectEntry("2")}});
  EXPECT_EQ(merged.FindObject(Sha("1")), 0u);
  EXPECT_EQ(merged.FindObject(Sha("2")), 1u);
  EXPECT_EQ(merged.FindObject(Sha("3")), Merged::kNone);
}

}  // namespace
}  // namespace kontext
