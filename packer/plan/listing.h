// All entries of a context, sorted: what an image must recreate.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/index_entry.h"
#include "packer/hash.h"

namespace kontext {

// Keeps text for as long as it lives; a view that it gave stays valid when it is moved.
class TextArena {
 public:
  TextArena() = default;
  TextArena(TextArena&&) = default;
  TextArena& operator=(TextArena&&) = default;

  std::string_view Keep(std::string_view text);
  // "dir/name", or "name" when `dir` is empty.
  std::string_view KeepPath(std::string_view dir, std::string_view name);
  // Keeps what `other` keeps, too.
  void Adopt(TextArena other);
  // Keeps bytes that views point into already.
  void Adopt(std::shared_ptr<const char> bytes) { adopted_.push_back(std::move(bytes)); }

 private:
  std::string* ChunkFor(size_t size);

  std::deque<std::string> chunks_;
  std::vector<std::shared_ptr<const char>> adopted_;
};

struct ListingTotals {
  uint64_t files = 0;
  uint64_t dirs = 0;
  uint64_t symlinks = 0;
  uint64_t bytes = 0;
};

// The tree digest of entries that come one by one, in order (FORMAT.md, "Canonical form").
class TreeHasher {
 public:
  TreeHasher() = default;
  // Goes on from there.
  explicit TreeHasher(const Hasher::State& state) : hasher_(state) {}

  void Add(const IndexEntry& entry);
  Digest Finish();
  // What all that was added has come to.
  const Hasher::State& State();

 private:
  static void Write(void* context, const char* data, size_t size);
  void Flush();

  // A line is some twelve short pieces; the hash takes them by the buffer.
  Hasher hasher_;
  std::string buffer_;
};

// Entries of type file, dir and symlink, in the order of ComparePaths, none twice. The listing
// owns the text that its entries' views point to.
class Listing {
 public:
  // Copies the entry and its text. Entries must come in order.
  void Add(const IndexEntry& entry);

  // The same without a copy of the text, which must be in an arena that the listing adopted.
  void AddKept(const IndexEntry& entry) { entries_.push_back(entry); }
  void Adopt(TextArena text) { text_.Adopt(std::move(text)); }
  void Adopt(std::shared_ptr<const char> bytes) { text_.Adopt(std::move(bytes)); }
  void Reserve(size_t entries) { entries_.reserve(entries); }

  const std::vector<IndexEntry>& entries() const { return entries_; }
  std::vector<IndexEntry>& mutable_entries() { return entries_; }

  ListingTotals Totals() const;
  // SHA-256 of the canonical form (FORMAT.md, "Canonical form").
  Digest TreeDigest() const;

 private:
  TextArena text_;
  std::vector<IndexEntry> entries_;
};

inline constexpr uint32_t kNoEntry = std::numeric_limits<uint32_t>::max();

// The position of a path's entry, or kNoEntry.
uint32_t FindEntry(const Listing& listing, std::string_view path);

}  // namespace kontext
