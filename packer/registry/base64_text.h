// Base64 (RFC 4648, section 4) over strings.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base64.h"

namespace kontext {

inline std::string EncodeBase64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  for (size_t i = 0, out = 0; i < bytes.size(); i += 3, out += 4) {
    EncodeBase64Group(bytes.data() + i, std::min<size_t>(3, bytes.size() - i), text.data() + out);
  }
  return text;
}

// Nothing when `text` is no Base64; its padding may be missing.
inline std::optional<std::string> DecodeBase64(std::string text) {
  while (text.size() % 4 != 0) text += '=';
  size_t size = DecodeBase64InPlace(text.data(), text.size());
  if (size == SIZE_MAX) return std::nullopt;
  text.resize(size);
  return text;
}

}  // namespace kontext
