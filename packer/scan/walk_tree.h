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
#include "packer/scan/stat_record.h"
#include "packer/scan/walk.h"

namespace kontext {

struct FoundDir;

// Entries of a record, side by side.
struct RecordedRange {
  size_t begin = 0;
  size_t end = 0;
};

// One name in a directory. Text is the finding thread's, but for `name`.
struct FoundItem {
  std::string_view name;  // while its directory is being read
  std::string_view path;
  std::string_view target;    // symlink
  FoundDir* below = nullptr;  // of a directory that is entered, once the filter left it
  FileStat stat;
  uint64_t size = 0;
  mode_t mode = 0;     // as stat(2) gives it, with the type
  bool enter = false;  // a directory to go on with
  bool wanted = true;  // false: a directory that is in the listing only when something below it is
  size_t recorded = kNotRecorded;  // what the last scan had of this name

  // Is it in the listing whatever lies below it?
  bool IsEntry() const { return S_ISREG(mode) || S_ISLNK(mode) || (S_ISDIR(mode) && wanted); }
  IndexEntry ToEntry() const;
  FileStat StatOf() const;
};

// What a directory holds: as items, or, when it is just what the last scan found, as a part of that
// record. Of a large tree hardly a directory changes between two pushes, so hardly an item is made.
struct FoundDir {
  std::string_view path;
  // As it was before its names were read, when these alone tell what a walk finds: nothing is in it
  // that comes with a warning, and no directory that is in the listing only for what is below it.
  FileStat stat;
  RecordedRange recorded;      // what was recorded below it
  bool as_recorded = false;    // then there are no items
  std::span<FoundItem> items;  // sorted by name
  // Of one that is as recorded: the directories in it, in order.
  FoundDir* first = nullptr;
  FoundDir* next = nullptr;
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
Walked Splice(const Context& context, const RecordedTree& recorded, const FoundDir& root,
              std::vector<FoundPart>* parts, const Warning& warn);

}  // namespace kontext
