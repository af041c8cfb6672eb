// Reads a segment index: JSON Lines, one entry a line (FORMAT.md, "Segment index").
#pragma once

#include <stddef.h>

#include "common/byte_source.h"
#include "common/index_entry.h"
#include "common/sha256.h"

namespace kontext {

// Longest line that a reader takes: a path and an `at` of kMaxPath bytes, each byte escaped as
// six characters, and the other fields.
inline constexpr size_t kMaxIndexLine = 1024 * 1024;

enum class ReadResult { kEntry, kEnd, kError };

// Streams the entries of one index, in constant memory (its longest line). Checks each line's
// fields and its place in the order: object lines first, by digest, then the others by path, none
// twice. Hashes what it reads, so that after kEnd the index's own name can be checked.
class IndexReader {
 public:
  IndexReader() = default;
  ~IndexReader();
  IndexReader(const IndexReader&) = delete;
  IndexReader& operator=(const IndexReader&) = delete;

  void Open(ByteSource source);
  // kEntry: `entry` is set, its views valid until the next call. kError: see Problem().
  ReadResult Next(IndexEntry* entry);
  // After kError: what is wrong, in words, and on which line (from 1; 0: the reading itself).
  const char* problem() const { return problem_; }
  uint64_t line() const { return line_; }
  // After kEnd: the digest of all that was read.
  Digest FinishDigest() { return sha_.Finish(); }

 private:
  ReadResult Fail(const char* problem);
  // Gives the next line's range in buffer_, without its newline; grows the buffer if it must.
  ReadResult NextLine(char** begin, size_t* size);
  bool Fill();
  bool KeepsOrder(const IndexEntry& entry);
  bool RememberPath(std::string_view path);

  ByteSource source_;
  Sha256 sha_;
  char* buffer_ = nullptr;
  size_t capacity_ = 0;
  size_t begin_ = 0;  // unread bytes: [begin_, end_)
  size_t end_ = 0;
  bool at_end_ = false;
  uint64_t line_ = 0;
  const char* problem_ = nullptr;
  char* last_path_ = nullptr;
  size_t last_path_size_ = 0;
  size_t last_path_capacity_ = 0;
  bool saw_path_ = false;
  bool saw_object_ = false;
  Digest last_object_{};
};

// Parses one line in place: `line` is overwritten and `entry`'s views point into it.
// `line[size]` must be writable. Null, or what is wrong.
const char* ParseIndexLine(char* line, size_t size, IndexEntry* entry);

}  // namespace kontext
