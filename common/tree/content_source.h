// Where the contents of files come from. Any thread may call its functions.
#pragma once

#include "common/index_entry.h"

namespace kontext::tree {

struct FileJob;

struct ContentSource {
  void* context = nullptr;

  // Opens the content of a file for reading, whatever it is: it will be compared with the digest.
  // -1: errno is set, ENOENT when there is none.
  int (*open)(void* context, const FileJob& job) = nullptr;

  // May be null. Is what `open` gives this entry's alone, mode 0600, and compared already? Then it
  // may be moved to its place.
  bool (*is_movable)(void* context, const FileJob& job) = nullptr;

  // Moves that to a name of `dir_fd`, in place of a file of that name. False: it cannot (errno is
  // set), and is copied instead.
  bool (*move)(void* context, const FileJob& job, int dir_fd, const char* name) = nullptr;

  // May be null. Was the entry's content found in its place by an earlier pass? Then it is not
  // read again.
  bool (*is_in_place)(void* context, const IndexEntry& entry) = nullptr;
};

}  // namespace kontext::tree
