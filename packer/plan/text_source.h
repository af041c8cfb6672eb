// Text in memory, as an index is read from.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "common/byte_source.h"

namespace kontext {

struct TextSource {
  std::string_view rest;

  // For a ByteSource whose context is a TextSource.
  static ssize_t Read(void* context, char* out, size_t size) {
    auto* self = static_cast<TextSource*>(context);
    size_t n = std::min(size, self->rest.size());
    std::memcpy(out, self->rest.data(), n);
    self->rest.remove_prefix(n);
    return static_cast<ssize_t>(n);
  }
};

}  // namespace kontext
