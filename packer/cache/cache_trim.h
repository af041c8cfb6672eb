// Keeps a folder of the cache within its bounds.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kontext {

struct CacheBounds {
  const char* folder;
  uint64_t max_bytes;  // of all files
  size_t max_files;
};

// Removes the temporary files of killed runs, and the files used least recently (by their
// modification time, which reading renews) until the rest is within the bounds. Does what it can:
// others may write and remove at the same time.
void TrimCache(int folder, const CacheBounds& bounds);

// Has nobody trimmed the folder for an hour?
bool IsTrimDue(int folder);

}  // namespace kontext
