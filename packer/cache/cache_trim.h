// Keeps a folder of the cache within its bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kontext {

struct CacheBounds {
  const char* folder;
  uint64_t max_bytes;  // of all files
  size_t max_files;
};

// Names that begin so are files that are still being written, or that a killed run left.
inline constexpr std::string_view kTemporaryPrefix = "tmp-";

// Removes temporary files older than an hour, and the files used least recently (by their
// modification time, which reading renews) until the rest is within the bounds. `now` is in seconds
// since 1970. Does what it can: others may write and remove at the same time.
void TrimCache(int folder, const CacheBounds& bounds, int64_t now);

}  // namespace kontext
