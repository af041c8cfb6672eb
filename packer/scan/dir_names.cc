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
  Clear();
  for (;;) {
    long n = syscall(SYS_getdents64, fd, buffer_.data(), buffer_.size());
    if (n < 0) return false;
    if (n == 0) break;
    for (long at = 0; at < n;) {
      const char* record = buffer_.data() + at;
      uint16_t length;
      std::memcpy(&length, record + offsetof(Record, d_reclen), sizeof(length));
      const char* name = record + offsetof(Record, d_name);
      if (std::strcmp(name, ".") != 0 && std::strcmp(name, "..") != 0) Append(name);
      at += length;
    }
  }
  std::sort(order_.begin(), order_.end(), [this](const Name& a, const Name& b) {
    if (a.front != b.front) return a.front < b.front;
    return std::strcmp(text_.data() + a.begin, text_.data() + b.begin) < 0;
  });
  return true;
}

void DirNames::Clear() {
  text_.clear();
  order_.clear();
}

void DirNames::Append(std::string_view name) {
  order_.push_back({FrontOf(name.data(), name.size()), static_cast<uint32_t>(text_.size()),
                    static_cast<uint32_t>(name.size())});
  text_.append(name).append(1, '\0');
}

}  // namespace kontext
