#include "common/index_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/path.h"
#include "tests/support/index_text.h"

namespace kontext {
namespace {

struct Reading {
  std::string lines;    // what was read, written again
  std::string problem;  // empty: read to the end
  uint64_t line = 0;
  Digest digest{};
};

Reading Read(PieceSource source) {
  IndexReader reader;
  reader.Open(source.source());
  Reading reading;
  IndexEntry entry;
  ReadResult result;
  while ((result = reader.Next(&entry)) == ReadResult::kEntry) reading.lines += LineOf(entry);
  if (result == ReadResult::kEnd) {
    reading.digest = reader.FinishDigest();
  } else {
    reading.problem = reader.problem();
    reading.line = reader.line();
    EXPECT_EQ(reader.Next(&entry), ReadResult::kError);
  }
  return reading;
}

std::string Join(const std::vector<IndexEntry>& entries) {
  std::string text;
  for (const IndexEntry& entry : entries) text += LineOf(entry);
  return text;
}

std::vector<IndexEntry> Objects() {
  IndexEntry low = ObjectEntry("x");
  IndexEntry high = ObjectEntry("y");
  if (high.sha256 < low.sha256) std::swap(low, high);
  return {low, high};
}

TEST(IndexReaderTest, GivesEveryLineInPiecesOfAnySize) {
  std::vector<IndexEntry> entries = Objects();
  entries.push_back(DirEntry("a"));
  entries.push_back(FileEntry("a/b", "content"));
  entries.push_back(RemovedEntry("a-"));
  entries.push_back(LinkEntry("\xff", "t"));
  std::string text = Join(entries);
  for (size_t piece : {size_t{1}, size_t{2}, size_t{7}, size_t{100}, SIZE_MAX}) {
    Reading reading = Read({text, piece});
    EXPECT_EQ(reading.problem, "");
    EXPECT_EQ(reading.lines, text);
    EXPECT_EQ(reading.digest, Sha(text));
  }
}

TEST(IndexReaderTest, AnEmptyIndexHasNoLines) {
  Reading reading = Read({""});
  EXPECT_EQ(reading.problem, "");
  EXPECT_EQ(reading.digest, Sha(""));
}

TEST(IndexReaderTest, Order) {
  std::vector<IndexEntry> objects = Objects();
  const struct {
    const char* name;
    std::vector<IndexEntry> entries;
    uint64_t bad_line;  // 0: none
  } kCases[] = {
      {"paths in order", {DirEntry("a"), DirEntry("a/b"), DirEntry("a-")}, 0},
      {"bytewise, not by component", {DirEntry("a"), DirEntry("a-"), DirEntry("a/b")}, 3},
      {"backwards", {DirEntry("b"), DirEntry("a")}, 2},
      {"twice", {DirEntry("a"), DirEntry("a")}, 2},
      {"set and removed", {DirEntry("a"), RemovedEntry("a")}, 2},
      {"objects backwards", {objects[1], objects[0]}, 2},
      {"an object twice", {objects[0], objects[0]}, 2},
      {"an object after a path", {DirEntry("a"), objects[0]}, 2},
  };
  for (const auto& test : kCases) {
    Reading reading = Read({Join(test.entries)});
    EXPECT_EQ(reading.problem.empty(), test.bad_line == 0) << test.name << ": " << reading.problem;
    EXPECT_EQ(reading.line, test.bad_line) << test.name;
  }
}

TEST(IndexReaderTest, CutShortAnywhereButBetweenLines) {
  std::string text = Join({DirEntry("a"), FileEntry("a/b", "content"), LinkEntry("c", "t")});
  for (size_t size = 0; size < text.size(); ++size) {
    bool whole = size == 0 || text[size - 1] == '\n';
    EXPECT_EQ(Read({std::string_view(text).substr(0, size)}).problem.empty(), whole) << size;
  }
}

TEST(IndexReaderTest, AnEmptyLineIsRefused) {
  EXPECT_NE(Read({"\n"}).problem, "");
  EXPECT_NE(Read({LineOf(DirEntry("a")) + "\n"}).problem, "");
}

TEST(IndexReaderTest, AReadingErrorIsNoEnd) {
  std::string text = Join({DirEntry("a"), DirEntry("b"), DirEntry("c")});
  for (size_t bytes = 0; bytes <= text.size(); ++bytes) {
    Reading reading = Read({text, SIZE_MAX, bytes});
    EXPECT_EQ(reading.problem, "cannot be read");
    EXPECT_EQ(reading.line, 0u);
  }
}

TEST(IndexReaderTest, TheLongestPathFits) {
  std::string path;
  while (path.size() < kMaxPath) path += std::string(200, '\x01') + '/';
  path.resize(kMaxPath, '\x01');
  path.back() = 'x';
  std::string at(path);
  std::string text = LineOf(FileEntry(path, "content", at));
  EXPECT_EQ(Read({text}).lines, text);
}

TEST(IndexReaderTest, ALineThatDoesNotEndIsNotKept) {
  std::string text(4 * kMaxIndexLine, ' ');
  EXPECT_EQ(Read({text, 4096}).problem, "a line that is too long");
}

}  // namespace
}  // namespace kontext
