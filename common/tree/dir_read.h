// Reading directories without the C library's DIR: no allocation but for the names that are kept.
#pragma once

#include <stddef.h>

namespace kontext::tree {

// Calls `visit(context, name)` for each name of the directory but "." and "..", in any order, from
// the beginning. A visit that gives false ends it. False: it cannot be read (errno is set), or a
// visit ended it.
bool ForEachName(int fd, bool (*visit)(void* context, const char* name), void* context);

// The sorted names of one directory. Memory: theirs.
class DirNames {
 public:
  DirNames() = default;
  ~DirNames();
  DirNames(const DirNames&) = delete;
  DirNames& operator=(const DirNames&) = delete;

  // False: it cannot be read (errno is set).
  bool Load(int fd);

  // The first name that was not taken; null after the last.
  const char* first() const { return next_ < count_ ? names_[next_] : nullptr; }
  void TakeFirst() { ++next_; }

 private:
  bool Append(const char* name);

  char* bytes_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  const char** names_ = nullptr;
  size_t count_ = 0;
  size_t next_ = 0;
};

}  // namespace kontext::tree
