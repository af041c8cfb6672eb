// Folds segment indexes, bottom to top, into the listing of the image (FORMAT.md, "Folding").
#pragma once

#include <stddef.h>

#include "common/index_reader.h"
#include "common/layout.h"

namespace kontext {

// A streaming merge of sorted indexes: memory is one line a segment, whatever the tree. The
// topmost segment that sets a path wins; a `removed`, file or symlink line hides whatever lower
// segments have at its path and below it. Checks that the parent of every entry is a directory of
// the listing.
class ListingMerge {
 public:
  ListingMerge() = default;
  ~ListingMerge();
  ListingMerge(const ListingMerge&) = delete;
  ListingMerge& operator=(const ListingMerge&) = delete;

  // Adds the next segment, from the bottom up; `digest` is its name. At most kMaxSegments.
  void Add(ByteSource source, const Digest& digest);

  // The listing's next entry, in order: file, dir or symlink; `segment` is the index of the
  // segment that set it. Its views are valid until the next call. Before kEnd, every index has
  // been read to its end and its digest compared.
  ReadResult Next(IndexEntry* entry, size_t* segment);

  // After kError: what is wrong, which segment (index of Add) and which line of it.
  const char* problem() const { return problem_; }
  size_t problem_segment() const { return problem_segment_; }
  uint64_t problem_line() const { return problem_line_; }

 private:
  struct Cursor;
  // What hides lower segments' entries below the first `length` bytes of the current path.
  struct Mask {
    size_t length;
    size_t segment;
  };

  ReadResult Fail(const char* problem, size_t segment, uint64_t line);
  ReadResult Start();
  // Moves a cursor to its next path line. False: failed, or at its end (`ended`).
  ReadResult Advance(Cursor* cursor);
  ReadResult AdvanceHeap();
  void Enter(std::string_view path);
  bool IsHidden(size_t segment) const;
  void Hide(size_t length, size_t segment);
  bool ParentIsDir(std::string_view path) const;

  Cursor* cursors_[kMaxSegments] = {};
  size_t count_ = 0;
  Cursor* order_[kMaxSegments] = {};  // cursors with an entry: by path, topmost first
  size_t ordered_ = 0;
  bool started_ = false;
  bool drawn_ = false;  // order_[0] gave the last entry
  Mask masks_[kMaxSegments + 1] = {};
  size_t mask_count_ = 0;
  char* path_ = nullptr;  // the path entered last
  size_t path_size_ = 0;
  char* dir_ = nullptr;  // the open directory: the last listed one that the path is under
  size_t dir_size_ = 0;
  const char* problem_ = nullptr;
  size_t problem_segment_ = 0;
  uint64_t problem_line_ = 0;
};

}  // namespace kontext
