#include "common/tree/dir_read.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/tree/sort.h"

namespace kontext::tree {
namespace {

// As the kernel lays it out (getdents64(2)); the name follows.
struct DirentHeader {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
};
constexpr size_t kNameOffset = offsetof(DirentHeader, type) + 1;

bool IsDots(const char* name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

}  // namespace

bool ForEachName(int fd, bool (*visit)(void* context, const char* name), void* context) {
  alignas(DirentHeader) char buffer[4096];
  if (lseek(fd, 0, SEEK_SET) < 0) return false;
  for (;;) {
    long size = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
    if (size <= 0) return size == 0;
    for (long at = 0; at < size;) {
      DirentHeader header;
      memcpy(&header, buffer + at, sizeof header);
      const char* name = buffer + at + kNameOffset;
      if (!IsDots(name) && !visit(context, name)) return false;
      at += header.length;
    }
  }
}

DirNames::~DirNames() {
  free(bytes_);
  free(names_);
}

bool DirNames::Append(const char* name) {
  size_t size = strlen(name) + 1;
  if (size_ + size > capacity_) {
    size_t capacity = capacity_ == 0 ? 1024 : capacity_ * 2;
    char* grown = static_cast<char*>(realloc(bytes_, capacity));
    if (grown == nullptr) return false;
    bytes_ = grown;
    capacity_ = capacity;
  }
  memcpy(bytes_ + size_, name, size);
  size_ += size;
  ++count_;
  return true;
}

bool DirNames::Load(int fd) {
  auto append = [](void* self, const char* name) {
    return static_cast<DirNames*>(self)->Append(name);
  };
  if (!ForEachName(fd, append, this)) return false;
  if (count_ == 0) return true;
  names_ = static_cast<const char**>(malloc(count_ * sizeof *names_));
  if (names_ == nullptr) return false;
  const char* name = bytes_;
  for (size_t i = 0; i < count_; ++i) {
    names_[i] = name;
    name += strlen(name) + 1;
  }
  SortNames(names_, count_);
  return true;
}

}  // namespace kontext::tree
