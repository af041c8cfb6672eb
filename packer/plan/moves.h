// Which files of one listing are, under another path, files of another. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "packer/plan/listing.h"

namespace kontext {

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
