// Fewer page faults for what is large and filled at once.
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

}  // namespace kontext
