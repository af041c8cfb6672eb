// Putting something finished in its place, whatever is there now.
#pragma once

#include "common/tree/run.h"

namespace kontext::tree {

// Renames `temp` of `dir_fd` to `name`, replacing a file or symlink at once; a directory in the
// way is removed first. False: errno is set, `temp` is still there.
bool RenameOver(const Run& run, int dir_fd, const char* temp, const char* name);

}  // namespace kontext::tree
