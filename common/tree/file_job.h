// One regular file for a worker.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string_view>

#include "common/digest.h"
#include "common/index_entry.h"

namespace kontext::tree {

class DirNode;

// Made by New, in one piece with its texts; ended by Delete.
struct FileJob {
  DirNode* dir;  // extract: where the file goes, a reference held; else null
  int fd;        // verify: the file to read, owned; else -1
  uint32_t mode;
  uint64_t size;
  Digest sha256;
  std::string_view path;
  std::string_view at;
  const char* name;  // the path's last part
  FileJob* next;     // in the queue
  size_t cost;       // bytes
  bool in_place;     // extract: its content was found there already

  // Null: out of memory.
  static FileJob* New(const IndexEntry& entry);
  // Closes `fd`. The reference to `dir` is the worker's to give up.
  static void Delete(FileJob* job);
};

}  // namespace kontext::tree
