// All entries of a context, sorted: what an image must recreate.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "common/index_entry.h"

namespace kontext {

// Keeps text for as long as it lives; a view that it gave stays valid when it is moved.
class TextArena {
 public:
  std::string_view Keep(std::string_view text);

 private:
  std::deque<std::string> chunks_;
};

struct ListingTotals {
  uint64_t files = 0;
  uint64_t dirs = 0;
  uint64_t symlinks = 0;
  uint64_t bytes = 0;
};

// Entries of type file, dir and symlink, in the order of ComparePaths, none twice. The listing
// owns the text that its entries' views point to.
class Listing {
 public:
  // Copies the entry and its text. Entries must come in order.
  void Add(const IndexEntry& entry);

  const std::vector<IndexEntry>& entries() const { return entries_; }
  std::vector<IndexEntry>& mutable_entries() { return entries_; }

  ListingTotals Totals() const;
  // SHA-256 of the canonical form (FORMAT.md, "Canonical form").
  Digest TreeDigest() const;

 private:
  TextArena text_;
  std::vector<IndexEntry> entries_;
};

}  // namespace kontext
