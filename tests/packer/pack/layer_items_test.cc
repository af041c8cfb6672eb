#include "packer/pack/layer_items.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "packer/plan/storable.h"
#include "tests/support/segments.h"

namespace kontext {
namespace {

std::string Word(const LayerItem& item) {
  const char* const kMarks[] = {"d ", "f ", "l ", "w "};
  return kMarks[static_cast<int>(item.kind)] + std::string(item.line->path);
}

TEST(LayerItemsTest, WhiteoutsComeFirstInTheirDirectory) {
  Segment segment;
  segment.lines = {FileEntry("a", "1"),     DirEntry("d"),         FileEntry("d/a", "1"),
                   RemovedEntry("d/b"),     LinkEntry("d/c", "t"), RemovedEntry("d/z"),
                   FileEntry("d-", "1"),    RemovedEntry("x"),     RemovedEntry("y", false),
                   FileEntry("z", "1", "a")};
  segment.stored = {0, 2, 6};
  std::vector<std::string> words;
  for (const LayerItem& item : OrderItems(segment)) words.push_back(Word(item));
  EXPECT_EQ(words, (std::vector<std::string>{"w x", "f a", "d d", "w d/b", "w d/z", "f d/a",
                                             "l d/c", "f d-"}));
}

TEST(LayerItemsTest, ObjectsByDigestEachOnce) {
  const std::string at = "/var/lib/kontext/objects/";
  const std::string one = at + HexOf(Sha("1")), two = at + HexOf(Sha("2"));
  Segment segment;
  segment.lines = {FileEntry(".wh.a", "1", one), FileEntry(".wh.b", "2", two),
                   FileEntry(".wh.c", "1", one), FileEntry(".wh.d", "3", two),
                   FileEntry("plain", "4")};
  segment.stored = {0, 1, 2, 4};
  std::vector<const IndexEntry*> objects = ObjectsOf(segment);
  ASSERT_EQ(objects.size(), 2u);
  EXPECT_TRUE(objects[0]->sha256 < objects[1]->sha256);
}

// What a push adds after random edits of a random tree. The delta's views point into the listings.
struct RandomPush {
  explicit RandomPush(Random* random) {
    Tree tree;
    for (int i = 0; i < 20; ++i) EditTree(random, &tree);
    before = ListingOf(tree);
    for (int i = 0; i < 10; ++i) EditTree(random, &tree);
    after = ListingOf(tree);
    delta = DeltaBetween(before, after);
  }

  Listing before, after;
  Delta delta;
};

void ExpectSameLine(const IndexEntry& a, const IndexEntry& b) {
  auto fields = [](const IndexEntry& line) {
    return std::tie(line.type, line.whiteout, line.mode, line.size, line.path, line.target,
                    line.at);
  };
  EXPECT_TRUE(fields(a) == fields(b) && a.sha256 == b.sha256) << a.path;
}

// What a push keeps of a segment that it wrote, so that the next one need not read its index.
TEST(LayerItemsTest, ObjectLinesAndLinesAreWhatTheIndexSays) {
  Random random;
  for (int round = 0; round < 300; ++round) {
    RandomPush push(&random);
    const Segment& segment = push.delta.segment;
    std::vector<IndexEntry> lines = ObjectLines(segment);
    lines.insert(lines.end(), segment.lines.begin(), segment.lines.end());
    SegmentLines read = SegmentLines::Read(IndexOf(segment));
    ASSERT_EQ(lines.size(), read.lines.size());
    for (size_t i = 0; i < lines.size(); ++i) ExpectSameLine(lines[i], read.lines[i]);
  }
}

TEST(LayerItemsTest, RandomSegmentsKeepTheRules) {
  Random random;
  for (int round = 0; round < 300; ++round) {
    RandomPush push(&random);
    const Segment& segment = push.delta.segment;
    std::set<std::string> dirs_with_content;
    std::set<std::string> seen;
    for (const LayerItem& item : OrderItems(segment)) {
      std::string path(item.line->path);
      std::string parent(ParentOf(path));
      ASSERT_TRUE(IsStorable(path));
      ASSERT_TRUE(seen.insert(path).second) << path;
      if (item.kind == LayerItem::Kind::kWhiteout) {
        ASSERT_EQ(dirs_with_content.count(parent), 0u) << path;
      } else {
        ASSERT_TRUE(item.kind != LayerItem::Kind::kDir || dirs_with_content.count(path) == 0);
        dirs_with_content.insert(parent);
      }
    }
  }
}

}  // namespace
}  // namespace kontext
