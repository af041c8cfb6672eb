// Walks the target side by side with the listing, both in the same order.
#pragma once

#include <sys/types.h>

#include <string_view>

#include "common/index_entry.h"
#include "common/tree/dir_read.h"
#include "common/tree/parked.h"
#include "common/tree/run.h"

namespace kontext::tree {

// In place of a directory's descriptor.
enum : int {
  kAbsent = -1,   // the target has none
  kUnknown = -2,  // it cannot be read: what is below is neither there nor missing
};

// A directory of the listing; `fd` may be one of the above.
struct WalkedDir {
  WalkedDir* up;
  std::string_view path;
  int fd;
  bool restore_mode;  // on leaving it, set `mode` again
  mode_t mode;
  ParkedDir place;
  DirNames names;
};

// Memory: the names of the directories from the target down to where it is.
class TreeWalk {
 public:
  // Sees a name that the listing does not have. False ends the walk.
  using Unexpected = bool (*)(void* context, WalkedDir* dir, const char* name);

  TreeWalk(Run* run, Unexpected unexpected, void* context)
      : run_(run), unexpected_(unexpected), context_(context) {}
  ~TreeWalk();
  TreeWalk(const TreeWalk&) = delete;
  TreeWalk& operator=(const TreeWalk&) = delete;

  // Goes into a directory that was just met, or first into the target (with an empty path). Takes
  // over `fd`. Null: reported.
  WalkedDir* Enter(std::string_view path, int fd);

  // Goes on to the listing's next entry. Gives the directory it is in; `*present`: there is
  // something of its name. Null: reported, or ended.
  WalkedDir* Meet(const IndexEntry& entry, bool* present);

  // After the last entry. False: ended.
  bool Finish();

 private:
  // Passes what comes before `name`; all that is left if it is null.
  bool PassUntil(const char* name);
  bool Leave();
  void Drop();
  void ParkOuter();

  Run* run_;
  Unexpected unexpected_;
  void* context_;
  WalkedDir* dir_ = nullptr;
  unsigned open_levels_ = 0;
};

}  // namespace kontext::tree
