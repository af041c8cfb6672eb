// The order of a layer's tar entries below BasePath.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "packer/plan/delta.h"

namespace kontext {

struct LayerItem {
  enum class Kind { kDir, kFile, kSymlink, kWhiteout };
  Kind kind;
  const IndexEntry* line;
  std::string whiteout_key;  // a whiteout sorts before everything else in its directory

  std::string_view SortKey() const { return kind == Kind::kWhiteout ? whiteout_key : line->path; }
};

// What the layer holds of the context: each path once, every directory before what is in it, in
// each directory the whiteouts first. Without the directories that it only passes through.
std::vector<LayerItem> OrderItems(const Segment& segment);

// The stored files that go to the objects folder, by digest, each content once.
std::vector<const IndexEntry*> ObjectsOf(const Segment& segment);

// Their lines, which come first in the segment's index; with nothing in them but what an index
// says.
std::vector<IndexEntry> ObjectLines(const Segment& segment);

}  // namespace kontext
