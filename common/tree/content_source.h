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

  // May be null. Moves a regular file, mode 0600, whose content was compared already, to the new
  // name `temp` of `dir_fd` and gives it open and held (HoldTemp). -1: it is to be opened and
  // copied instead.
  int (*move)(void* context, const FileJob& job, int dir_fd, const char* temp) = nullptr;

  // May be null. Was the entry's content found in its place by an earlier pass? Then it is not
  // read again.
  bool (*is_in_place)(void* context, const IndexEntry& entry) = nullptr;
};

}  // namespace kontext::tree
