// Packs and unpacks zstd frames with libzstd's one-shot calls.
#pragma once

#include <zstd.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace kontext {

inline std::string Zstd(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

// Of frames that say how much they hold. Throws when it is not zstd or is cut short.
inline std::string Unzstd(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    size_t frame = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
    if (ZSTD_isError(frame) != 0) throw std::runtime_error(ZSTD_getErrorName(frame));
    std::string out(ZSTD_getFrameContentSize(bytes.data(), frame), '\0');
    size_t size = ZSTD_decompress(out.data(), out.size(), bytes.data(), frame);
    if (ZSTD_isError(size) != 0) throw std::runtime_error(ZSTD_getErrorName(size));
    text += out;
    bytes.remove_prefix(frame);
  }
  return text;
}

}  // namespace kontext
