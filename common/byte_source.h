// A stream of bytes to read, without the C++ runtime: a function and its context.
#pragma once

#include <stddef.h>
#include <sys/types.h>

namespace kontext {

struct ByteSource {
  void* context = nullptr;
  // Reads up to `size` bytes: their number, 0 at the end, -1 on an error (errno is set).
  ssize_t (*read)(void* context, char* out, size_t size) = nullptr;
};

}  // namespace kontext
