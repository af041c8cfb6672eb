// Opens the files of a context one after the other.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "common/fd.h"
#include "packer/scan/context.h"

namespace kontext {

struct OpenedFile {
  UniqueFd fd;
  struct stat info;
};

// Keeps the directory of the last file open: files mostly come in the order of the listing, and a
// name is found sooner than a path. One thread.
class FileOpener {
 public:
  // Refers to the context.
  explicit FileOpener(const Context& context) : context_(context) {}

  // For reading. Throws Error(kIo), or Error(kChanged) when it is gone or no regular file any more.
  OpenedFile Open(std::string_view path);

 private:
  // The directory of a path; not valid: errno is set.
  int DirOf(std::string_view path);

  const Context& context_;
  std::string dir_path_;
  UniqueFd dir_;  // not valid: none, or the context itself
};

}  // namespace kontext
