// A file that is there whole or not at all.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "common/fd.h"

namespace kontext {

// Written without a name where the file system can do that, else under a temporary one in the
// folder where it shall be. It is held (packer/leftover.h), so that the one of a killed run is
// known as a leftover. The destructor removes it unless it was committed. Throws Error(kIo) with
// the reason only: the caller knows the subject. Not synced to the disk: what is kept so can be
// written again.
class TempFile {
 public:
  // `mode` as for open(2). An open `folder` must stay open.
  explicit TempFile(const std::string& folder, mode_t mode = 0666);
  TempFile(int folder, mode_t mode);
  ~TempFile();
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  void Write(const void* data, size_t size);

  // For its owner, or to sync it.
  int fd() const { return fd_.get(); }

  // Puts it at `path`, which must be in its folder, in place of what is there.
  void Commit(const std::string& path);
  // The same under a name in its folder.
  void CommitAs(const std::string& name);

 private:
  void Open(mode_t mode);
  bool OpenUnnamed(mode_t mode);
  bool OpenNamed(mode_t mode);
  // Gives an unnamed file a name; false: it is taken.
  bool Link(int folder, const std::string& path);
  void CommitAt(int folder, const std::string& path);

  UniqueFd own_folder_;
  int folder_;
  std::string name_;  // empty: it has none
  UniqueFd fd_;
};

// All of a file, or nothing when there is none. Throws Error(kIo), or Error(kFormat) above
// `max_size`; with the reason only.
bool ReadWholeFile(const std::string& path, size_t max_size, std::string* out);

}  // namespace kontext
