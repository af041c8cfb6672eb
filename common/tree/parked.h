// Directories on a long way down are closed, and opened again from below on the way back: so a tree
// may be deeper than a process may have descriptors.
#pragma once

#include <sys/types.h>

namespace kontext::tree {

// So many innermost ones stay open; trees that people make are seldom deeper.
inline constexpr unsigned kOpenLevels = 32;

// So many directories at most are open while files in them are under way.
inline constexpr unsigned kMaxOpenDirs = 128;

// An open directory, or one that waits until what is below it is done.
struct ParkedDir {
  bool parked = false;
  dev_t device = 0;
  ino_t inode = 0;

  // Closes `*fd`, a directory's that its owner keeps. Where it cannot be identified it stays open.
  void Park(int* fd);
  // If it was parked, opens `*fd` again as what is above `below_fd`. False: errno is set; ESTALE:
  // that is another directory now.
  bool Unpark(int* fd, int below_fd);
};

}  // namespace kontext::tree
