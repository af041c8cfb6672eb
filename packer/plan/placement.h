// Decides where the content of every file of a listing comes from.
#pragma once

#include <cstdint>
#include <vector>

#include "packer/plan/listing.h"
#include "packer/plan/merged.h"

namespace kontext {

struct Source {
  enum class Kind : uint8_t {
    kNone,          // no file
    kShown,         // the merged layers show it at the path of row `where`
    kObject,        // segment `where` has it in the objects folder
    kStored,        // the new segment stores it at the file's own path
    kStoredObject,  // the new segment stores it in the objects folder
    kTwin,          // the new segment stores it for entry `where`
  };
  Kind kind = Kind::kNone;
  uint32_t where = 0;

  bool IsStored() const { return kind == Kind::kStored || kind == Kind::kStoredObject; }
};

struct Placement {
  std::vector<uint32_t> rows;   // of each entry: the row of its path, or Merged::kNone
  std::vector<Source> sources;  // of each entry
};

// For a new segment on top of `old` that makes the image `next`. Content that the layers show
// anywhere is not stored again, unless a directory or symlink that the new layer must hold hides it
// (design 3.3, rule 4). What is stored hides nothing that any entry points at: where its own path
// would, it goes to the objects folder. `mirror`: every file that a layer can hold is at its own
// path. Pure.
Placement Place(const Merged& old, const Listing& next, bool mirror);

}  // namespace kontext
