// The directory being shipped, held open: everything in it is reached from its handle, no symbolic
// link is ever followed.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "common/fd.h"
#include "packer/scan/stat_record.h"
#include "packer/scan/walk.h"

namespace kontext {

// "a fifo": what a mode's type is, when it is one that no context has.
const char* KindOf(mode_t mode);

class Context {
 public:
  // Opens a directory, or a single regular file: then its name is the only entry. Throws
  // Error(kIo), naming the path, for anything else and for what cannot be read.
  explicit Context(const std::string& path);

  // Walks the directory: entries in order, files without their digest. Sockets, fifos and devices
  // are left out with a warning each. Throws Error(kIo) naming what cannot be read, Error(kChanged)
  // for a directory that goes away meanwhile. A single file is taken whatever the filter says.
  Walked Walk(const WalkOptions& options) const;
  // The same, with what the last scan recorded: cheap where nothing changed.
  Walked Walk(const WalkOptions& options, const RecordedTree& recorded) const;

  // The directory, or the one that the single file is in.
  int root() const { return root_.get(); }
  bool IsFile() const { return !only_.empty(); }

  // Names the directory, or the single file, among all that a user sends: for the stat cache. It
  // stays when the directory is moved or its device gets another number. Two directories may get
  // the same one where a file system keeps no birth times; then their caches get into each other's
  // way, no more.
  std::string CacheKey() const;

  // As a person would name it, for messages.
  std::string Describe(std::string_view path) const;

 private:
  std::string name_;
  UniqueFd root_;
  std::string only_;  // the single file's name; empty for a directory
};

}  // namespace kontext
