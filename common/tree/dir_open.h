// Opening directories one name at a time, so that no symlink is followed on the way.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

namespace kontext::tree {

// Opens directory `name` of `dir_fd` for reading; a symlink is refused (ENOTDIR or ELOOP).
// -1: errno is set.
int OpenDirAt(int dir_fd, const char* name);

// The same for one that we own but may not read: its owner's rwx bits are set first, and `*mode`
// gets what it had. Otherwise `*mode` is what fstat says.
int ForceOpenDirAt(int dir_fd, const char* name, mode_t* mode);

// Opens a file for reading, no symlink; its owner's r bit is set first where that is needed.
// `*st`: what fstat says of it then. -1: errno is set.
int ForceOpenFileAt(int dir_fd, const char* name, struct stat* st);

// Opens the target, following symlinks: it is the user's to name. With `create`, makes it and its
// missing parents.
int OpenTarget(const char* path, bool create);

// Is `outer_fd` the directory `inner_fd`, or above it? True as well where that cannot be told.
bool IsWithin(int inner_fd, int outer_fd);

}  // namespace kontext::tree
