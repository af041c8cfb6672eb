#include "common/tree/replace.h"

#include <errno.h>
#include <stdio.h>

#include "common/tree/remove.h"

namespace kontext::tree {

bool RenameOver(const Run& run, int dir_fd, const char* temp, const char* name) {
  if (renameat(dir_fd, temp, dir_fd, name) == 0) return true;
  if (errno != EISDIR) return false;
  return RemoveAt(run, dir_fd, name) && renameat(dir_fd, temp, dir_fd, name) == 0;
}

}  // namespace kontext::tree
