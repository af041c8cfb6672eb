#include "common/tree/hash_file.h"

#include "common/fd.h"
#include "common/sha256.h"
#include "common/tree/workers.h"

namespace kontext::tree {

Content CompareContent(const Run& run, int fd, uint64_t size, const Digest& sha256, char* buffer) {
  Sha256 sha;
  uint64_t left = size;
  for (;;) {
    if (run.Stopping()) return Content::kStopped;
    ssize_t got = ReadRest(fd, buffer, kBufferSize, left);
    if (got < 0) return Content::kUnreadable;
    size_t part = static_cast<size_t>(got);
    if (part > left) return Content::kDifferent;
    sha.Update(buffer, part);
    left -= part;
    if (part < kBufferSize) break;
  }
  return left == 0 && sha.Finish() == sha256 ? Content::kSame : Content::kDifferent;
}

}  // namespace kontext::tree
