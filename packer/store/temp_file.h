// A file that is there whole or not at all.
#pragma once

#include <string>

#include "common/fd.h"

namespace kontext {

// Written under a name of its own in the directory where it shall be; the destructor removes it
// unless Commit() was called. Throws Error(kIo) with the reason only: the caller knows the subject.
// Not synced to the disk: a layout can be written again.
class TempFile {
 public:
  explicit TempFile(const std::string& directory);
  ~TempFile();
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  void Write(const void* data, size_t size);

  // Puts it at `path`, in place of what is there.
  void Commit(const std::string& path);

 private:
  std::string path_;  // empty once committed
  UniqueFd fd_;
};

// All of a file, or nothing when there is none. Throws Error(kIo), or Error(kFormat) above
// `max_size`; with the reason only.
bool ReadWholeFile(const std::string& path, size_t max_size, std::string* out);

}  // namespace kontext
