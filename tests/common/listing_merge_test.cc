#include "common/listing_merge.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "tests/support/index_text.h"

namespace kontext {
namespace {

using Lines = std::vector<IndexEntry>;

struct Folded {
  std::vector<std::string> entries;  // "path@segment"
  std::string problem;
  size_t problem_segment = 0;
};

Folded FoldTexts(const std::vector<std::string>& texts, const std::vector<Digest>& names) {
  std::deque<PieceSource> sources;
  ListingMerge merge;
  for (size_t i = 0; i < texts.size(); ++i) {
    sources.push_back({texts[i], 5});
    merge.Add(sources.back().source(), names[i]);
  }
  Folded folded;
  IndexEntry entry;
  size_t segment = 0;
  ReadResult result;
  while ((result = merge.Next(&entry, &segment)) == ReadResult::kEntry) {
    folded.entries.push_back(std::string(entry.path) + '@' + std::to_string(segment));
  }
  if (result == ReadResult::kError) {
    folded.problem = merge.problem();
    folded.problem_segment = merge.problem_segment();
  }
  return folded;
}

Folded Fold(const std::vector<Lines>& segments) {
  std::vector<std::string> texts;
  std::vector<Digest> names;
  for (const Lines& lines : segments) {
    std::string& text = texts.emplace_back();
    for (const IndexEntry& line : lines) text += LineOf(line);
    names.push_back(Sha(text));
  }
  return FoldTexts(texts, names);
}

IndexEntry D(const char* path) { return DirEntry(path); }
IndexEntry F(const char* path) { return FileEntry(path, path); }
IndexEntry L(const char* path) { return LinkEntry(path, "t"); }
IndexEntry R(const char* path) { return RemovedEntry(path); }

TEST(ListingMergeTest, Folding) {
  const struct {
    const char* name;
    std::vector<Lines> segments;
    std::vector<std::string> listing;
  } kCases[] = {
      {"nothing", {}, {}},
      {"empty segments", {{}, {}, {}}, {}},
      {"one", {{D("a"), F("a/b"), L("c")}}, {"a@0", "a/b@0", "c@0"}},
      {"the topmost wins", {{F("a"), F("b")}, {F("a")}, {F("a")}}, {"a@2", "b@0"}},
      {"interleaved",
       {{F("b"), F("d")}, {F("a"), F("e")}, {F("c")}},
       {"a@1", "b@0", "c@2", "d@0", "e@1"}},
      {"removed", {{F("a"), F("b")}, {R("a")}}, {"b@0"}},
      {"removed, with all that is under it",
       {{D("a"), D("a/b"), F("a/b/c"), F("a-")}, {R("a")}},
       {"a-@0"}},
      {"removed without whiteout", {{D("a"), F("a/b")}, {RemovedEntry("a", false)}}, {}},
      {"removed, what is not there", {{F("a")}, {R("b"), R("c")}}, {"a@0"}},
      {"removed and recreated", {{F("a")}, {R("a")}, {F("a")}}, {"a@2"}},
      {"removed, recreated, removed", {{F("a")}, {R("a")}, {F("a")}, {R("a")}}, {}},
      {"recreated without what was in it",
       {{D("a"), F("a/b")}, {R("a")}, {D("a"), F("a/c")}},
       {"a@2", "a/c@2"}},
      {"one of a directory", {{D("a"), F("a/b"), F("a/c")}, {R("a/b")}}, {"a@0", "a/c@0"}},
      {"a mode of a directory", {{D("a"), F("a/b")}, {D("a")}}, {"a@1", "a/b@0"}},
      {"directory to file", {{D("a"), F("a/b"), D("a/c"), F("a/c/d")}, {F("a")}}, {"a@1"}},
      {"directory to symlink", {{D("a"), F("a/b")}, {L("a")}}, {"a@1"}},
      {"directory to file to directory",
       {{D("a"), F("a/b")}, {F("a")}, {D("a"), F("a/c")}},
       {"a@2", "a/c@2"}},
      {"file to directory", {{F("a")}, {D("a"), F("a/b")}}, {"a@1", "a/b@1"}},
      {"symlink to directory, filled later", {{L("a")}, {D("a")}, {F("a/b")}}, {"a@1", "a/b@2"}},
      {"a mask ends with its directory",
       {{D("a"), F("a/b"), F("a.b"), D("b"), F("b/a")}, {F("a")}},
       {"a@1", "a.b@0", "b@0", "b/a@0"}},
      {"masks within masks",
       {{D("a"), D("a/b"), F("a/b/c"), F("a/d")}, {R("a/b")}, {D("a/b"), F("a/b/e")}, {R("a/d")}},
       {"a@0", "a/b@2", "a/b/e@2"}},
      {"a low mask below a high one",
       {{D("a"), F("a/b")}, {F("a")}, {R("a")}, {D("a"), F("a/b")}, {R("a/b")}},
       {"a@3"}},
      {"objects are no entries", {{ObjectEntry("x"), F("a")}, {ObjectEntry("x")}}, {"a@0"}},
  };
  for (const auto& test : kCases) {
    Folded folded = Fold(test.segments);
    EXPECT_EQ(folded.problem, "") << test.name;
    EXPECT_EQ(folded.entries, test.listing) << test.name;
  }
}

TEST(ListingMergeTest, AParentMustBeADirectory) {
  const struct {
    const char* name;
    std::vector<Lines> segments;
    size_t bad;
  } kCases[] = {
      {"none", {{F("a/b")}}, 0},
      {"none of the deeper one", {{D("a"), F("a/b/c")}}, 0},
      {"a file", {{F("a"), F("a/b")}}, 0},
      {"a symlink", {{L("a"), F("a/b")}}, 0},
      {"a file of below", {{F("a")}, {F("a/b")}}, 1},
      {"removed", {{D("a")}, {R("a")}, {F("a/b")}}, 2},
      {"another's child", {{D("a"), F("ab/c")}}, 0},
  };
  for (const auto& test : kCases) {
    Folded folded = Fold(test.segments);
    EXPECT_EQ(folded.problem, "the parent is not a directory") << test.name;
    EXPECT_EQ(folded.problem_segment, test.bad) << test.name;
  }
}

TEST(ListingMergeTest, TheDigestMustBeTheName) {
  std::string text = LineOf(F("a"));
  std::string other = LineOf(F("b"));
  Folded folded = FoldTexts({text, other}, {Sha(text), Sha(text)});
  EXPECT_EQ(folded.problem, "its digest is not its name");
  EXPECT_EQ(folded.problem_segment, 1u);
}

TEST(ListingMergeTest, ABadLineNamesItsSegment) {
  std::string text = LineOf(F("a"));
  std::string bad = text + "{}\n";
  Folded folded = FoldTexts({text, bad, text}, {Sha(text), Sha(bad), Sha(text)});
  EXPECT_EQ(folded.problem_segment, 1u);
  EXPECT_NE(folded.problem, "");
}

TEST(ListingMergeTest, AsManySegmentsAsAReaderTakes) {
  std::vector<Lines> segments(kMaxSegments, Lines{F("a")});
  EXPECT_EQ(Fold(segments).entries, (std::vector<std::string>{"a@127"}));
  segments.push_back({F("a")});
  EXPECT_EQ(Fold(segments).problem, "too many segments");
}

}  // namespace
}  // namespace kontext
