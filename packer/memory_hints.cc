#include "packer/memory_hints.h"

#include <sys/mman.h>

#include <cstdint>
#include <span>
#include <system_error>

namespace kontext {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kLargePage = size_t{2} << 20;
// A thread for less takes longer than what it does.
constexpr size_t kWorthAThread = 2 * kLargePage;

// The whole pages of a buffer.
std::span<char> PagesOf(const void* data, size_t size) {
  size_t before = (kPage - reinterpret_cast<uintptr_t>(data) % kPage) % kPage;
  if (size < before) return {};
  return {static_cast<char*>(const_cast<void*>(data)) + before, (size - before) / kPage * kPage};
}

}  // namespace

void UseLargePages(void* data, size_t size) {
  std::span<char> pages = PagesOf(data, size);
  if (pages.size() >= kLargePage) madvise(pages.data(), pages.size(), MADV_HUGEPAGE);
}

FirstUse::FirstUse(void* data, size_t size) {
  UseLargePages(data, size);
  std::span<char> pages = PagesOf(data, size);
  if (pages.size() < kWorthAThread) return;
  std::span<char> half = pages.subspan(pages.size() / kPage / 2 * kPage);
  try {
    thread_ = std::jthread([half] { madvise(half.data(), half.size(), MADV_POPULATE_WRITE); });
  } catch (const std::system_error&) {
    // No more threads: it was a hint.
  }
}

void DropPages(const char* data, size_t size) {
  std::span<char> pages = PagesOf(data, size);
  if (!pages.empty()) madvise(pages.data(), pages.size(), MADV_DONTNEED);
}

}  // namespace kontext
