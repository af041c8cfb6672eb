#include "common/index_reader.h"

#include <stdlib.h>
#include <string.h>

#include "common/path.h"

namespace kontext {
namespace {

constexpr size_t kFirstBuffer = 16 * 1024;

}  // namespace

IndexReader::~IndexReader() {
  free(buffer_);
  free(last_path_);
}

void IndexReader::Open(ByteSource source) { source_ = source; }

ReadResult IndexReader::Fail(const char* problem) {
  problem_ = problem;
  return ReadResult::kError;
}

// Makes room for more, then reads more. False: problem_ says why.
bool IndexReader::Fill() {
  if (begin_ > 0) {
    memmove(buffer_, buffer_ + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  // One byte stays free for the terminator of ParseIndexLine.
  if (end_ + 1 >= capacity_) {
    if (capacity_ > kMaxIndexLine) return Fail("a line that is too long"), false;
    size_t capacity = capacity_ == 0 ? kFirstBuffer : capacity_ * 2;
    char* grown = static_cast<char*>(realloc(buffer_, capacity));
    if (grown == nullptr) return Fail("out of memory"), false;
    buffer_ = grown;
    capacity_ = capacity;
  }
  ssize_t n = source_.read(source_.context, buffer_ + end_, capacity_ - 1 - end_);
  if (n < 0) {
    line_ = 0;
    return Fail("cannot be read"), false;
  }
  sha_.Update(buffer_ + end_, static_cast<size_t>(n));
  end_ += static_cast<size_t>(n);
  at_end_ = n == 0;
  return true;
}

ReadResult IndexReader::NextLine(char** begin, size_t* size) {
  size_t searched = 0;
  for (;;) {
    size_t unread = end_ - begin_;
    if (unread > searched) {
      void* newline = memchr(buffer_ + begin_ + searched, '\n', unread - searched);
      if (newline != nullptr) {
        *begin = buffer_ + begin_;
        *size = static_cast<size_t>(static_cast<char*>(newline) - *begin);
        begin_ += *size + 1;
        return ReadResult::kEntry;
      }
      searched = unread;
    }
    if (at_end_) break;
    if (!Fill()) return ReadResult::kError;
  }
  return end_ == begin_ ? ReadResult::kEnd : Fail("cut short");
}

bool IndexReader::RememberPath(std::string_view path) {
  if (path.size() > last_path_capacity_) {
    size_t capacity = path.size() * 2;
    char* grown = static_cast<char*>(realloc(last_path_, capacity));
    if (grown == nullptr) return false;
    last_path_ = grown;
    last_path_capacity_ = capacity;
  }
  memcpy(last_path_, path.data(), path.size());
  last_path_size_ = path.size();
  saw_path_ = true;
  return true;
}

bool IndexReader::KeepsOrder(const IndexEntry& entry) {
  if (entry.type == EntryType::kObject) {
    bool fits = !saw_path_ && (!saw_object_ || last_object_ < entry.sha256);
    last_object_ = entry.sha256;
    saw_object_ = true;
    return fits;
  }
  return !saw_path_ || ComparePaths({last_path_, last_path_size_}, entry.path) < 0;
}

ReadResult IndexReader::Next(IndexEntry* entry) {
  if (problem_ != nullptr) return ReadResult::kError;
  char* line = nullptr;
  size_t size = 0;
  ++line_;
  ReadResult result = NextLine(&line, &size);
  if (result != ReadResult::kEntry) return result;
  if (size > kMaxIndexLine) return Fail("a line that is too long");
  if (const char* problem = ParseIndexLine(line, size, entry)) return Fail(problem);
  if (!KeepsOrder(*entry)) return Fail("out of order, or there twice");
  if (entry->type != EntryType::kObject && !RememberPath(entry->path)) return Fail("out of memory");
  return ReadResult::kEntry;
}

}  // namespace kontext
