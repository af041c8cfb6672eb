// One line of a segment index (FORMAT.md, "Segment index").
#pragma once

#include <stdint.h>

#include <string_view>

#include "common/digest.h"

namespace kontext {

enum class EntryType : uint8_t { kFile, kDir, kSymlink, kRemoved, kObject };

// Views point into whatever made the entry. Fields that a type does not have are left as here.
struct IndexEntry {
  EntryType type = EntryType::kFile;
  bool whiteout = true;     // removed: the layer hides what lower layers show
  uint32_t mode = 0;        // file, dir: permission bits, at most 0777
  uint64_t size = 0;        // file, object: bytes
  Digest sha256{};          // file, object
  std::string_view path;    // all but object
  std::string_view target;  // symlink
  std::string_view at;      // file: where the content is; empty: in this very layer, at `path`
};

}  // namespace kontext
