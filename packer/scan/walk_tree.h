// What the threads of a walk found, before it is put into order.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "packer/plan/listing.h"
#include "packer/scan/context.h"
#include "packer/scan/walk.h"

namespace kontext {

struct FoundDir;

// One name in a directory. Text is the finding thread's.
struct FoundItem {
  std::string_view path;
  std::string_view target;    // symlink
  FoundDir* below = nullptr;  // of a directory that is entered, once the filter left it
  FileStat stat;
  uint64_t size = 0;
  mode_t mode = 0;     // as stat(2) gives it, with the type
  bool enter = false;  // a directory to go on with
  bool wanted = true;  // false: a directory that is in the listing only when something below it is
};

struct FoundDir {
  std::string_view path;
  std::span<FoundItem> items;  // sorted by name
};

// Room for items, a whole directory's side by side. In large pieces: a vector for each directory
// costs a thread's heap hundreds of steps to grow.
class ItemPool {
 public:
  // Stays where it is, also when the pool is moved.
  std::span<FoundItem> Take(size_t count);
  // Of all that was taken.
  size_t count() const { return count_; }

 private:
  std::vector<std::unique_ptr<FoundItem[]>> chunks_;
  std::span<FoundItem> free_;
  size_t count_ = 0;
};

// What one thread owns: addresses stay.
struct FoundPart {
  TextArena text;
  ItemPool items;
  std::deque<FoundDir> dirs;
};

// Puts all below `root` in order. Takes the text out of the parts. Sockets, fifos and devices are
// left out, with a warning each.
Walked Splice(const Context& context, const FoundDir& root, std::vector<FoundPart>* parts,
              const Warning& warn);

}  // namespace kontext
