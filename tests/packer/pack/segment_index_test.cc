#include "packer/pack/segment_index.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/segments.h"

namespace kontext {
namespace {

// Larger than a piece, so that some are cut: never within a line.
TEST(SegmentIndexTest, PiecesAreWholeLinesAndGiveTheText) {
  std::vector<std::string> paths;
  for (int i = 0; i < 2000; ++i) paths.push_back("file-" + std::to_string(10000 + i));
  Segment segment;
  std::string want;
  for (const std::string& path : paths) {
    segment.lines.push_back(FileEntry(path, path));
    want += LineOf(segment.lines.back());
  }
  std::string text;
  size_t pieces = 0;
  WriteIndex(segment, [&](std::string_view piece) {
    EXPECT_TRUE(piece.ends_with("\n"));
    text += piece;
    ++pieces;
  });
  EXPECT_TRUE(text == want);
  EXPECT_GT(pieces, 1U);
  IndexId id = IdOfIndex(segment);
  EXPECT_EQ(id.digest, Sha(want));
  EXPECT_EQ(id.size, want.size());
}

// An object has no path of its own: its line comes first.
TEST(SegmentIndexTest, ObjectLinesComeFirst) {
  Segment segment;
  std::string at = "/var/lib/kontext/objects/" + HexOf(Sha("x"));
  segment.lines.push_back(FileEntry(".wh.x", "x", at));
  segment.stored.push_back(0);
  IndexEntry object = FileEntry("", "x");
  object.type = EntryType::kObject;
  EXPECT_EQ(IndexOf(segment).lines, LineOf(object) + LineOf(segment.lines[0]));
}

TEST(SegmentIndexTest, Empty) {
  IndexId id = IdOfIndex(Segment());
  EXPECT_EQ(id.digest, Sha(""));
  EXPECT_EQ(id.size, 0U);
}

}  // namespace
}  // namespace kontext
