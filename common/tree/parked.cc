#include "common/tree/parked.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/tree/dir_open.h"

namespace kontext::tree {

void ParkedDir::Park(int* fd) {
  struct stat st;
  if (parked || *fd < 0 || fstat(*fd, &st) != 0) return;
  device = st.st_dev;
  inode = st.st_ino;
  parked = true;
  close(*fd);
  *fd = -1;
}

bool ParkedDir::Unpark(int* fd, int below_fd) {
  if (!parked) return true;
  UniqueFd above(OpenDirAt(below_fd, ".."));
  struct stat st;
  if (!above.valid() || fstat(above.get(), &st) != 0) return false;
  if (st.st_dev != device || st.st_ino != inode) {
    errno = ESTALE;
    return false;
  }
  parked = false;
  *fd = above.release();
  return true;
}

}  // namespace kontext::tree
