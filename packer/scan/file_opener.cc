#include "packer/scan/file_opener.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "common/path.h"
#include "packer/error.h"
#include "packer/scan/open_below.h"

namespace kontext {

int FileOpener::DirOf(std::string_view path) {
  std::string_view dir = ParentOf(path);
  if (dir.empty()) return context_.root();
  if (dir_.valid() && dir == dir_path_) return dir_.get();
  dir_ = OpenBelow(context_.root(), dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  dir_path_ = dir;
  return dir_.get();
}

OpenedFile FileOpener::Open(std::string_view path) {
  // O_NONBLOCK: a fifo that took the file's place must not be waited on.
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  OpenedFile file;
  int dir = DirOf(path);
  if (dir >= 0) {
    // The single file may be named by a link: what the user named is what is sent.
    int follow = context_.IsFile() ? 0 : O_NOFOLLOW;
    file.fd = UniqueFd(openat(dir, std::string(NameOf(path)).c_str(), kFlags | follow));
  }
  if (!file.fd.valid() && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR)) {
    throw Error(ErrorKind::kChanged, context_.Describe(path) + " went away while it was read");
  }
  if (!file.fd.valid() || fstat(file.fd.get(), &file.info) != 0) {
    throw Error(ErrorKind::kIo,
                "cannot read " + context_.Describe(path) + ": " + std::strerror(errno));
  }
  if (!S_ISREG(file.info.st_mode)) {
    throw Error(ErrorKind::kChanged, context_.Describe(path) + " is no regular file any more");
  }
  return file;
}

}  // namespace kontext
