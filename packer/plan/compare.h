// What is different from one listing to another, as a person would tell it. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "packer/plan/listing.h"

namespace kontext {

enum class ChangeKind : uint8_t {
  kAdded,
  kChanged,  // a file's content, and perhaps its mode
  kRemoved,
  kMoved,   // a file whose content was at a path that is there no more, or a whole directory; its
            // mode may be another one
  kCopied,  // a new file whose content was, under another path, there before
  kMode,    // only the mode
  kType,    // what was a file is a directory, and so on
  kTarget,  // of a symlink
};

// Views point into the two listings.
struct Change {
  ChangeKind kind = ChangeKind::kAdded;
  EntryType type = EntryType::kFile;  // of what is at the path; removed: of what was
  std::string_view path;
  std::string_view from;  // moved, copied: where it was
  uint64_t files = 0;     // that the change is about: 1, of a moved directory all
  uint64_t bytes = 0;     // their content; removed: as it was
  uint64_t sent = 0;      // as much of it as is `stored`
};

// `stored`: for each entry of `after`, whether a push would send its content. A directory has one
// change when every file below it is below a new directory under the same name; else each entry has
// its own. Which of several equal files went where does not depend on anything but the listings.
// The order: most sent first, then the largest, then by path.
std::vector<Change> Compare(const Listing& before, const Listing& after,
                            const std::vector<bool>& stored);

}  // namespace kontext
