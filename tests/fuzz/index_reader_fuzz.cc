// The reader of segment indexes, on an index's text.
#include "common/index_reader.h"
#include "common/path.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/index_text.h"

namespace kontext {
namespace {

struct Reading {
  std::string lines;    // what was read, written again
  std::string problem;  // empty: read to the end
  uint64_t line = 0;
  friend bool operator==(const Reading&, const Reading&) = default;
};

void RequireSound(const IndexEntry& entry) {
  if (entry.type == EntryType::kObject) return;
  Require(PathProblem(entry.path) == nullptr, "a path is sound");
  Require(entry.mode <= 0777, "a mode has permission bits only");
  if (entry.type != EntryType::kSymlink) return;
  Require(!entry.target.empty() && entry.target.size() <= kMaxTarget, "a target is sound");
}

Reading Read(std::string_view text, size_t piece) {
  PieceSource source{text, piece};
  IndexReader reader;
  reader.Open(source.source());
  Reading reading;
  IndexEntry entry;
  ReadResult result;
  std::string last;
  while ((result = reader.Next(&entry)) == ReadResult::kEntry) {
    RequireSound(entry);
    bool in_order = last.empty() || ComparePaths(last, entry.path) < 0;
    Require(entry.type == EntryType::kObject ? last.empty() : in_order, "paths come in order");
    last = entry.path;
    reading.lines += LineOf(entry);
  }
  if (result == ReadResult::kEnd) {
    Require(reader.FinishDigest() == Sha(text), "the digest is that of all bytes");
  } else {
    reading.problem = reader.problem();
    reading.line = reader.line();
    Require(reader.Next(&entry) == ReadResult::kError, "an error stays one");
  }
  return reading;
}

}  // namespace
}  // namespace kontext

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kontext;
  std::string_view text = TextOf(data, size);
  Reading reading = Read(text, SIZE_MAX);
  Require(Read(text, 1 + size % 13) == reading, "the pieces do not matter");
  // What was read is an index of its own, and canonical.
  Reading again = Read(reading.lines, SIZE_MAX);
  Require(again.problem.empty() && again.lines == reading.lines, "canonical lines read as written");
  return 0;
}
