// File descriptors: owning one, and reading or writing all of a range.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/byte_source.h"

namespace kontext {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~UniqueFd() { reset(-1); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

// Reads until `size` bytes or the end: how many, or -1 (errno is set). Restarts after EINTR.
ssize_t ReadUpTo(int fd, void* out, size_t size);

// Reads on in a file that should have `left` more bytes: up to `size` of them, or, where that is
// room enough, one byte more than `left`, which is how a longer file shows. Fewer than `size`: this
// was the end. Otherwise as ReadUpTo.
ssize_t ReadRest(int fd, void* out, size_t size, uint64_t left);

// Writes all of it: false on an error (errno is set). Restarts after EINTR.
bool WriteAll(int fd, const void* data, size_t size);

// A source that reads `fd`, which must outlive it.
ByteSource SourceOf(const UniqueFd& fd);

}  // namespace kontext
