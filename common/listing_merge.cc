#include "common/listing_merge.h"

#include <stdlib.h>
#include <string.h>

#include <new>

#include "common/path.h"

namespace kontext {

struct ListingMerge::Cursor {
  IndexReader reader;
  IndexEntry entry;
  Digest digest;
  size_t segment;
};

namespace {

size_t SharedPrefix(std::string_view a, std::string_view b) {
  size_t limit = a.size() < b.size() ? a.size() : b.size();
  size_t i = 0;
  while (i < limit && a[i] == b[i]) ++i;
  return i;
}

}  // namespace

ListingMerge::~ListingMerge() {
  for (size_t i = 0; i < count_; ++i) {
    cursors_[i]->~Cursor();
    free(cursors_[i]);
  }
  free(path_);
  free(dir_);
}

void ListingMerge::Add(ByteSource source, const Digest& digest) {
  void* place = count_ < kMaxSegments ? malloc(sizeof(Cursor)) : nullptr;
  if (place == nullptr) {
    problem_ = count_ < kMaxSegments ? "out of memory" : "too many segments";
    return;
  }
  Cursor* cursor = new (place) Cursor();
  cursor->reader.Open(source);
  cursor->digest = digest;
  cursor->segment = count_;
  cursors_[count_++] = cursor;
}

ReadResult ListingMerge::Fail(const char* problem, size_t segment, uint64_t line) {
  problem_ = problem;
  problem_segment_ = segment;
  problem_line_ = line;
  return ReadResult::kError;
}

ReadResult ListingMerge::Advance(Cursor* cursor) {
  ReadResult result;
  do {
    result = cursor->reader.Next(&cursor->entry);
  } while (result == ReadResult::kEntry && cursor->entry.type == EntryType::kObject);
  if (result == ReadResult::kError) {
    return Fail(cursor->reader.problem(), cursor->segment, cursor->reader.line());
  }
  if (result == ReadResult::kEnd && !(cursor->reader.FinishDigest() == cursor->digest)) {
    return Fail("its digest is not its name", cursor->segment, 0);
  }
  return result;
}

// Puts order_[0] at its place, or takes it out at its end. Most often it stays first: one compare.
ReadResult ListingMerge::AdvanceHeap() {
  Cursor* moved = order_[0];
  ReadResult result = Advance(moved);
  if (result == ReadResult::kError) return result;
  size_t place = 0;
  for (; place + 1 < ordered_; ++place) {
    const Cursor* other = order_[place + 1];
    if (result == ReadResult::kEntry) {
      int order = ComparePaths(moved->entry.path, other->entry.path);
      if (order < 0 || (order == 0 && moved->segment > other->segment)) break;
    }
    order_[place] = order_[place + 1];
  }
  order_[place] = moved;
  if (result == ReadResult::kEnd) --ordered_;
  return ReadResult::kEntry;
}

ReadResult ListingMerge::Start() {
  started_ = true;
  path_ = static_cast<char*>(malloc(kMaxPath));
  dir_ = static_cast<char*>(malloc(kMaxPath));
  if (path_ == nullptr || dir_ == nullptr) return Fail("out of memory", 0, 0);
  for (size_t i = 0; i < count_; ++i) {
    // The new cursor goes to the front, unread; moving it gives it its first entry and its place.
    memmove(order_ + 1, order_, ordered_ * sizeof(order_[0]));
    order_[0] = cursors_[i];
    ++ordered_;
    if (AdvanceHeap() == ReadResult::kError) return ReadResult::kError;
  }
  return ReadResult::kEntry;
}

// Moves to a path: masks that it is not below end here.
void ListingMerge::Enter(std::string_view path) {
  size_t shared = SharedPrefix({path_, path_size_}, path);
  while (mask_count_ > 0) {
    size_t length = masks_[mask_count_ - 1].length;
    bool covers = shared >= length && (path.size() == length || path[length] == '/');
    if (covers) break;
    --mask_count_;
  }
  memcpy(path_ + shared, path.data() + shared, path.size() - shared);
  path_size_ = path.size();
}

bool ListingMerge::IsHidden(size_t segment) const {
  return mask_count_ > 0 && segment < masks_[mask_count_ - 1].segment;
}

// Only a mask from higher up than those around it hides anything new, so there are never more of
// them than segments.
void ListingMerge::Hide(size_t length, size_t segment) {
  if (mask_count_ > 0 && masks_[mask_count_ - 1].segment >= segment) return;
  masks_[mask_count_++] = {length, segment};
}

bool ListingMerge::ParentIsDir(std::string_view path) const {
  std::string_view parent = ParentOf(path);
  // dir_ is the directory listed last. The parent is it or one that it lies in.
  std::string_view dir(dir_, dir_size_);
  return parent.empty() || parent == dir || IsUnder(dir, parent);
}

ReadResult ListingMerge::Next(IndexEntry* entry, size_t* segment) {
  if (problem_ != nullptr) return ReadResult::kError;
  if (!started_ && Start() == ReadResult::kError) return ReadResult::kError;
  for (;;) {
    if (drawn_ && AdvanceHeap() == ReadResult::kError) return ReadResult::kError;
    drawn_ = ordered_ > 0;
    if (ordered_ == 0) return ReadResult::kEnd;
    Cursor* top = order_[0];
    const IndexEntry& next = top->entry;
    bool same = path_size_ == next.path.size() && memcmp(path_, next.path.data(), path_size_) == 0;
    // Segments of one path come topmost first: a later one has lost.
    if (same) {
      if (next.type != EntryType::kDir) Hide(next.path.size(), top->segment);
      continue;
    }
    Enter(next.path);
    bool hidden = IsHidden(top->segment);
    if (next.type != EntryType::kDir) Hide(next.path.size(), top->segment);
    if (hidden || next.type == EntryType::kRemoved) continue;
    if (!ParentIsDir(next.path)) {
      return Fail("the parent is not a directory", top->segment, top->reader.line());
    }
    if (next.type == EntryType::kDir) {
      memcpy(dir_, next.path.data(), next.path.size());
      dir_size_ = next.path.size();
    }
    *entry = next;
    *segment = top->segment;
    return ReadResult::kEntry;
  }
}

}  // namespace kontext
