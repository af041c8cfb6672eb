// What a killed run leaves behind: something under a temporary name.
#pragma once

#include "common/tree/run.h"

namespace kontext::tree {

// Marks an open temporary file or directory as in use for as long as it is open. False: somebody
// else is just removing it as a leftover; take another name.
bool HoldTemp(int fd);

// Removes what has a temporary name in the directory and is held by nobody. What cannot be removed
// stays: it is in nobody's way.
void RemoveLeftovers(const Run& run, int dir_fd);

}  // namespace kontext::tree
