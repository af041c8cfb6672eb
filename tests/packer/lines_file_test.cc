#include "packer/lines_file.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/index_writer.h"
#include "tests/support/index_text.h"
#include "tests/support/random.h"
#include "tests/support/segments.h"

namespace kontext {
namespace {

std::string BytesOf(const SegmentLines& segment) {
  std::string bytes;
  WriteLinesFile(segment.digest, segment.lines, [&](std::string_view part) { bytes += part; });
  return bytes;
}

size_t TakeUpTo(char* buffer, size_t size, std::string_view* bytes) {
  size_t taken = bytes->copy(buffer, size);
  bytes->remove_prefix(taken);
  return taken;
}

std::optional<SegmentLines> Read(const Digest& segment, std::string_view bytes) {
  return ReadLinesFile(
      segment, [&](char* buffer, size_t size) { return TakeUpTo(buffer, size, &bytes); },
      bytes.size());
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
  std::optional<SegmentLines> read = Read(sample.digest, BytesOf(sample));
  ASSERT_TRUE(read);
  EXPECT_EQ(TextOf(*read), TextOf(sample));
  EXPECT_EQ(read->digest, sample.digest);
  SegmentLines moved = std::move(*read);
  EXPECT_EQ(TextOf(moved), TextOf(sample)) << "the text stays where it is";
}

TEST(LinesFileTest, AnEmptySegment) {
  SegmentLines none;
  none.digest = Sha("");
  std::optional<SegmentLines> read = Read(none.digest, BytesOf(none));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->lines.empty());
}

TEST(LinesFileTest, NothingOfAnotherSegment) {
  SegmentLines sample = Sample();
  EXPECT_FALSE(Read(Sha("another"), BytesOf(sample)));
}

TEST(LinesFileTest, NothingWhenAnyByteIsDamagedOrMissing) {
  SegmentLines sample = Sample();
  const std::string bytes = BytesOf(sample);
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_FALSE(Read(sample.digest, damaged)) << i;
    EXPECT_FALSE(Read(sample.digest, std::string_view(bytes).substr(0, i))) << i;
  }
  EXPECT_FALSE(Read(sample.digest, bytes + "x"));
}

TEST(LinesFileTest, ALineThatIsNoneEndsIt) {
  SegmentLines sample = Sample();
  const std::string bytes = BytesOf(sample);
  constexpr size_t kFirst = 48, kSecond = kFirst + 56;  // an object has no text
  for (auto [at, value] : {std::pair{kSecond + 54, '\x09'}, std::pair{kSecond + 40, '\0'}}) {
    std::string damaged = bytes;
    ASSERT_NE(damaged[at], value);
    damaged[at] = value;
    std::string_view left = damaged;
    LinesFileReader reader(
        sample.digest, [&](char* buffer, size_t size) { return TakeUpTo(buffer, size, &left); },
        damaged.size());
    IndexEntry line;
    EXPECT_TRUE(reader.Next(&line));
    EXPECT_FALSE(reader.Next(&line)) << at;
    EXPECT_FALSE(reader.Finish());
  }
}

TEST(LinesFileTest, MoreThanIsHeldAtATime) {
  Tree tree;
  for (int i = 0; i < 3000; ++i) {
    std::string name = std::to_string(i);
    tree["f" + name + std::string(static_cast<size_t>(i % 240), 'n')] = {EntryType::kFile, 0644,
                                                                         name};
    if (i % 1000 == 0) {
      std::string deep = "d" + name;
      for (int level = 0; level < 250; ++level) deep += "/" + std::string(240, 'd');
      tree[deep] = {EntryType::kFile, 0600, name};
    }
  }
  SegmentLines lines = LinesOf(ListingOf(tree));
  std::string bytes = BytesOf(lines);
  ASSERT_GT(bytes.size(), 500'000u);
  std::optional<SegmentLines> read = Read(lines.digest, bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(TextOf(*read), TextOf(lines));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  EXPECT_FALSE(Read(lines.digest, bytes));
}

TEST(LinesFileTest, RandomSegments) {
  Random random;
  Tree tree;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 10; ++i) EditTree(&random, &tree);
    SegmentLines lines = LinesOf(ListingOf(tree));
    std::optional<SegmentLines> read = Read(lines.digest, BytesOf(lines));
    ASSERT_TRUE(read) << round;
    EXPECT_EQ(TextOf(*read), TextOf(lines)) << round;
  }
}

}  // namespace
}  // namespace kontext
