// The directory being shipped, held open: everything in it is reached from its handle, no symbolic
// link is ever followed.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "packer/plan/listing.h"

namespace kontext {

// Asked for every path, directories too, relative to the context; false leaves it out. A directory
// that is left out is still entered, and is in the listing after all when something below it is.
using Filter = std::function<bool(std::string_view path)>;

// Takes one sentence for people about something that is left out.
using Warning = std::function<void(const std::string& sentence)>;

class Context {
 public:
  // Opens a directory, or a single regular file: then its name is the only entry. Throws
  // Error(kIo), naming the path, for anything else and for what cannot be read.
  explicit Context(const std::string& path);

  // Walks the directory: entries in order, files without their digest. Sockets, fifos and devices
  // are left out with a warning each. Throws Error(kIo) naming what cannot be read.
  Listing Walk(const Filter& filter, const Warning& warn) const;

  // Opens a file of the context for reading. Throws Error(kIo), or Error(kChanged) when it is gone
  // or no regular file any more.
  UniqueFd OpenFile(std::string_view path) const;

  // As a person would name it, for messages.
  std::string Describe(std::string_view path) const;

 private:
  std::string name_;
  UniqueFd root_;
  std::string only_;  // the single file's name; empty for a directory
};

}  // namespace kontext
