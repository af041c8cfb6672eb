// Opening directories one name at a time, so that no symlink is followed on the way.
#pragma once

#include <sys/types.h>

namespace kontext::extractor {

// Opens directory `name` of `dir_fd` for reading; a symlink is refused (ENOTDIR or ELOOP).
// -1: errno is set.
int OpenDirAt(int dir_fd, const char* name);

// The same for one that we own but may not read: its owner's rwx bits are set first, and `*mode`
// gets what it had. Otherwise `*mode` is what fstat says.
int ForceOpenDirAt(int dir_fd, const char* name, mode_t* mode);

// Opens the target, following symlinks: it is the user's to name. With `create`, makes it and its
// missing parents.
int OpenTarget(const char* path, bool create);

}  // namespace kontext::extractor
