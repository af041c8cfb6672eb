// Hints to the system about memory that is used all at once.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace kontext {

// Says that all of a buffer, not touched yet, is about to be used: where the system gives large
// pages to who asks, its first use costs a fault for 2 MiB instead of one for 4 KiB. A hint.
inline void UseLargePages(void* data, size_t size) {
  constexpr uintptr_t kPage = 4096;
  constexpr size_t kWorthIt = 2 << 20;
  if (size < kWorthIt) return;
  size_t before = (kPage - reinterpret_cast<uintptr_t>(data) % kPage) % kPage;
  size_t whole = (size - before) / kPage * kPage;
  madvise(static_cast<char*>(data) + before, whole, MADV_HUGEPAGE);
}

// Gives the memory of the whole pages of a buffer back; what was there is lost.
inline void DropPages(const char* data, size_t size) {
  constexpr uintptr_t kPage = 4096;
  size_t before = (kPage - reinterpret_cast<uintptr_t>(data) % kPage) % kPage;
  if (size < before + kPage) return;
  madvise(const_cast<char*>(data) + before, (size - before) / kPage * kPage, MADV_DONTNEED);
}

}  // namespace kontext
