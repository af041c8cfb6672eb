// Which files of one listing are, under another path, files of another. Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "packer/plan/listing.h"

namespace kontext {

inline constexpr uint32_t kNoEntry = std::numeric_limits<uint32_t>::max();

// The position of a path's entry, or kNoEntry.
uint32_t FindEntry(const Listing& listing, std::string_view path);

// Two listings, and which of their entries have a path that the other does not have.
struct Sides {
  const Listing& before;
  const Listing& after;
  std::vector<bool> gone;   // of each entry of `before`
  std::vector<bool> fresh;  // of each entry of `after`
};

// For each entry of `after` the gone file of `before` that it is, or kNoEntry. No gone file serves
// twice. Content that is there once decides first; then what follows from the directories that have
// moved by that; then equal names; then the order of paths. An empty file is moved only with its
// directory or under its own name, since any two empty files are equal.
std::vector<uint32_t> PairMoves(const Sides& sides);

}  // namespace kontext
