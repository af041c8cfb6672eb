// Removing what is in the way.
#pragma once

#include "common/tree/run.h"

namespace kontext::tree {

// Removes `name` of `dir_fd`, and all below it if it is a directory, without following symlinks.
// Gone already is success. Memory: its depth. Gives up when the run is stopping
// (ECANCELED), and before a directory that something is mounted on (EXDEV). False: errno is set.
bool RemoveAt(const Run& run, int dir_fd, const char* name);

}  // namespace kontext::tree
