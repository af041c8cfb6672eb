#include "packer/lines_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/index_writer.h"
#include "packer/cache/summed.h"
#include "tests/support/index_text.h"
#include "tests/support/lines_file.h"
#include "tests/support/random.h"
#include "tests/support/segments.h"

namespace kontext {
namespace {

std::optional<SegmentLines> Read(const Digest& segment, std::string_view bytes) {
  std::optional<LinesFile> file = OpenLinesFile(segment, bytes);
  if (!file) return std::nullopt;
  return file->All();
}

std::string TextOf(const SegmentLines& segment) {
  std::string text;
  ByteSink sink{&text, [](void* context, const char* data, size_t size) {
                  static_cast<std::string*>(context)->append(data, size);
                }};
  for (const IndexEntry& line : segment.lines) WriteIndexLine(line, sink);
  return text;
}

// A segment with a line of every type.
SegmentLines Sample() {
  IndexEntry object;
  object.type = EntryType::kObject;
  object.sha256 = Sha("odd");
  object.size = 3;
  IndexEntry gone;
  gone.type = EntryType::kRemoved;
  gone.path = "gone";
  IndexEntry kept = gone;
  kept.path = "kept";
  kept.whiteout = false;
  IndexEntry moved = FileEntry("moved", "content");
  moved.at = "from/here";
  std::vector<IndexEntry> lines = {object, FileEntry("a", "1"), gone, kept, moved};
  IndexEntry dir;
  dir.type = EntryType::kDir;
  dir.mode = 0750;
  dir.path = "n\xff";
  lines.push_back(dir);
  IndexEntry link;
  link.type = EntryType::kSymlink;
  link.path = "z";
  link.target = "a \"target\"";
  lines.push_back(link);
  SegmentIndex index;
  for (const IndexEntry& line : lines) {
    WriteIndexLine(line, {&index.lines, [](void* context, const char* data, size_t size) {
                            static_cast<std::string*>(context)->append(data, size);
                          }});
  }
  index.digest = Sha(index.lines);
  return SegmentLines::Read(index);
}

TEST(LinesFileTest, GivesTheLinesBack) {
  SegmentLines sample = Sample();
  std::optional<SegmentLines> read = Read(sample.digest, LinesFileOf(sample));
  ASSERT_TRUE(read);
  EXPECT_EQ(TextOf(*read), TextOf(sample));
  EXPECT_EQ(read->digest, sample.digest);
  SegmentLines moved = std::move(*read);
  EXPECT_EQ(TextOf(moved), TextOf(sample)) << "the text stays where it is";
}

TEST(LinesFileTest, AnEmptySegment) {
  SegmentLines none;
  none.digest = Sha("");
  std::optional<SegmentLines> read = Read(none.digest, LinesFileOf(none));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->lines.empty());
}

TEST(LinesFileTest, NothingOfAnotherSegment) {
  SegmentLines sample = Sample();
  EXPECT_FALSE(Read(Sha("another"), LinesFileOf(sample)));
}

TEST(LinesFileTest, NothingWhenAnyByteIsDamagedOrMissing) {
  SegmentLines sample = Sample();
  const std::string bytes = LinesFileOf(sample);
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_FALSE(Read(sample.digest, damaged)) << i;
    EXPECT_FALSE(Read(sample.digest, std::string_view(bytes).substr(0, i))) << i;
  }
  EXPECT_FALSE(Read(sample.digest, bytes + "x"));
}

// With a checksum that is right all the same.
TEST(LinesFileTest, NothingThatDoesNotHoldTogether) {
  SegmentLines sample = Sample();
  const std::string bytes = LinesFileOf(sample);
  constexpr size_t kLines = 8, kObjects = 16, kContents = 24, kFirst = 64, kSecond = 128;
  constexpr size_t kTextAt = 40, kPathLength = 48, kType = 62;
  size_t places = kFirst + 64 * sample.lines.size();
  for (size_t at : {kLines, kLines + 7, kObjects, kObjects + 7, kContents, kContents + 7,
                    kFirst + kType, kSecond + kType, kSecond + kTextAt, kSecond + kTextAt + 7,
                    kSecond + kPathLength, kSecond + kPathLength + 3, places + 3}) {
    std::string damaged = bytes.substr(0, bytes.size() - sizeof(uint64_t));
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    RunningSum sum;
    sum.Add(damaged.data(), damaged.size());
    uint64_t value = sum.Sum();
    damaged.append(reinterpret_cast<const char*>(&value), sizeof(value));
    EXPECT_FALSE(Read(sample.digest, damaged)) << at;
  }
}

TEST(LinesFileTest, LooksUpPathsAndContents) {
  Random random;
  Tree tree;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 10; ++i) EditTree(&random, &tree);
    SegmentLines lines = LinesOf(ListingOf(tree));
    LinesFile file = OpenLinesFile(lines);
    ASSERT_EQ(file.size(), lines.lines.size());
    EXPECT_EQ(file.Held().lines(), HeldBytes(lines).lines());
    EXPECT_EQ(file.Held().Weight(), HeldBytes(lines).Weight());
    EXPECT_EQ(file.FirstFrom("\xff\xff\xff\xff"), lines.lines.size());
    for (size_t i = 0; i < lines.lines.size(); ++i) {
      const IndexEntry& line = lines.lines[i];
      if (i >= file.objects()) {
        EXPECT_EQ(file.FirstFrom(line.path), i);
        EXPECT_EQ(file.FirstFrom(std::string(line.path) + '/'), i + 1) << "before all below it";
      }
      std::vector<size_t> same;
      for (size_t j = 0; j < lines.lines.size(); ++j) {
        bool is_content = HoldsContent(lines.lines[j]) || !lines.lines[j].at.empty();
        if (is_content && lines.lines[j].sha256 == line.sha256) same.push_back(j);
      }
      if (same.empty()) continue;
      std::vector<size_t> found = file.LinesWith(line.sha256);
      std::sort(found.begin(), found.end());
      EXPECT_EQ(found, same);
    }
    EXPECT_TRUE(file.LinesWith(Sha("what no file has")).empty());
  }
}

TEST(LinesFileTest, ObjectLinesComeFirst) {
  SegmentLines sample = Sample();
  LinesFile file = OpenLinesFile(sample);
  EXPECT_EQ(file.objects(), 1u);
  EXPECT_EQ(file.FirstFrom("a"), 1u);
  EXPECT_EQ(file.LinesWith(Sha("odd")), std::vector<size_t>{0});
}

TEST(LinesFileTest, RandomSegments) {
  Random random;
  Tree tree;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 10; ++i) EditTree(&random, &tree);
    SegmentLines lines = LinesOf(ListingOf(tree));
    std::optional<SegmentLines> read = Read(lines.digest, LinesFileOf(lines));
    ASSERT_TRUE(read) << round;
    EXPECT_EQ(TextOf(*read), TextOf(lines)) << round;
  }
}

}  // namespace
}  // namespace kontext
