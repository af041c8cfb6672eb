// A directory of the target while something in it is still to be done.
#pragma once

#include <stdint.h>

#include <string_view>

#include "common/tree/atomic.h"
#include "common/tree/parked.h"
#include "common/tree/run.h"

namespace kontext::tree {

// Counted: the writer's place in the tree, each directory below and each file under way hold a
// reference. The last one to go sets the directory's mode and owner, which could forbid us to
// write in it, and closes it.
class DirNode {
 public:
  // Takes over `fd` on success. With `parent`, which may be null for the target itself, a reference
  // to it is taken. `fresh`: we made it, so nothing was in it. Null: out of memory.
  static DirNode* New(Run* run, DirNode* parent, std::string_view path, int fd, bool fresh);

  // The mode to end with; without it the directory keeps its own.
  void SetFinalMode(uint32_t mode);

  void Ref() { references_.Add(1); }
  void Unref();

  // Of the directories that the way here leads through, parks all but the innermost, where nothing
  // but the way holds them. The way's own thread alone may call this and Return.
  void ParkOuter();
  // Before work goes on in a directory whose subdirectory `below_fd` is. False: errno is set.
  bool Return(int below_fd);
  bool parked() const { return place_.parked; }

  DirNode* parent() const { return parent_; }
  int fd() const { return fd_; }
  bool fresh() const { return fresh_; }
  std::string_view path() const { return path_; }

 private:
  DirNode(Run* run, DirNode* parent, std::string_view path, int fd, bool fresh)
      : run_(run), parent_(parent), path_(path), fd_(fd), fresh_(fresh) {
    run_->open_dirs.Add(1);
  }
  void Settle();

  Run* run_;
  DirNode* parent_;
  std::string_view path_;  // behind this object, in the same allocation
  int fd_;
  ParkedDir place_;
  bool fresh_;
  bool has_final_mode_ = false;
  uint32_t final_mode_ = 0;
  Atomic<uint32_t> references_{1};
};

}  // namespace kontext::tree
