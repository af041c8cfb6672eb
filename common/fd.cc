#include "common/fd.h"

#include <errno.h>

namespace kontext {
namespace {

ssize_t ReadSome(void* context, char* out, size_t size) {
  int fd = static_cast<const UniqueFd*>(context)->get();
  for (;;) {
    ssize_t n = read(fd, out, size);
    if (n >= 0 || errno != EINTR) return n;
  }
}

}  // namespace

ssize_t ReadUpTo(int fd, void* out, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t n = read(fd, static_cast<char*>(out) + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  return static_cast<ssize_t>(done);
}

ssize_t ReadRest(int fd, void* out, size_t size, uint64_t left) {
  size_t wanted = left < size ? static_cast<size_t>(left) + 1 : size;
  size_t done = 0;
  while (done < wanted) {
    ssize_t n = read(fd, static_cast<char*>(out) + done, wanted - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    done += static_cast<size_t>(n);
    // A read of a file is short at its end only: no other one is needed to see it.
    if (n == 0 || done == left) break;
  }
  return static_cast<ssize_t>(done);
}

bool WriteAll(int fd, const void* data, size_t size) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    ssize_t n = write(fd, next, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    next += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

ByteSource SourceOf(const UniqueFd& fd) { return {const_cast<UniqueFd*>(&fd), &ReadSome}; }

}  // namespace kontext
