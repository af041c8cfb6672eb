#include "packer/scan/dir_names.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace kontext {
namespace {

// All but a few directories come in one call.
constexpr size_t kBuffer = 64 * 1024;

// What getdents64(2) writes; glibc's dirent64 is laid out alike.
using Record = struct dirent64;

// The first eight bytes as a number that orders as they do; a name has no NUL, so a short one sorts
// first as it should.
uint64_t FrontOf(const char* name, size_t length) {
  uint64_t front = 0;
  size_t shown = std::min<size_t>(length, 8);
  for (size_t i = 0; i < shown; ++i) front = front << 8 | static_cast<unsigned char>(name[i]);
  return shown == 0 ? 0 : front << 8 * (8 - shown);
}

}  // namespace

DirNames::DirNames() : buffer_(kBuffer) {}

bool DirNames::Read(int fd) {
  text_.clear();
  order_.clear();
  for (;;) {
    long n = syscall(SYS_getdents64, fd, buffer_.data(), buffer_.size());
    if (n < 0) return false;
    if (n == 0) break;
    for (long at = 0; at < n;) {
      const char* record = buffer_.data() + at;
      uint16_t length;
      std::memcpy(&length, record + offsetof(Record, d_reclen), sizeof(length));
      Add(record + offsetof(Record, d_name));
      at += length;
    }
  }
  std::sort(order_.begin(), order_.end(), [this](const Name& a, const Name& b) {
    if (a.front != b.front) return a.front < b.front;
    return std::strcmp(text_.data() + a.begin, text_.data() + b.begin) < 0;
  });
  return true;
}

void DirNames::Add(const char* name) {
  if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) return;
  size_t length = std::strlen(name);
  order_.push_back(
      {FrontOf(name, length), static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(length)});
  text_.append(name, length + 1);
}

}  // namespace kontext
