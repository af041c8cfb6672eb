#include "common/tree/hash_file.h"

#include "common/fd.h"
#include "common/sha256.h"
#include "common/tree/workers.h"

namespace kontext::tree {

Content CompareContent(const Run& run, int fd, uint64_t size, const Digest& sha256, char* buffer) {
  Sha256 sha;
  uint64_t total = 0;
  for (;;) {
    if (run.Stopping()) return Content::kStopped;
    ssize_t got = ReadUpTo(fd, buffer, kBufferSize);
    if (got < 0) return Content::kUnreadable;
    total += static_cast<uint64_t>(got);
    if (total > size) return Content::kDifferent;
    sha.Update(buffer, static_cast<size_t>(got));
    if (static_cast<size_t>(got) < kBufferSize) break;
  }
  return total == size && sha.Finish() == sha256 ? Content::kSame : Content::kDifferent;
}

}  // namespace kontext::tree
