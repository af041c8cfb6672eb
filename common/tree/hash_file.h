// Does an open file have the content that an entry promises?
#pragma once

#include <stdint.h>

#include "common/digest.h"
#include "common/tree/run.h"

namespace kontext::tree {

enum class Content { kSame, kDifferent, kUnreadable, kStopped };

// Reads `fd` to its end, or to the first byte past `size`. `buffer` has kBufferSize bytes.
// kUnreadable: errno is set.
Content CompareContent(const Run& run, int fd, uint64_t size, const Digest& sha256, char* buffer);

}  // namespace kontext::tree
