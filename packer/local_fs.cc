#include "packer/local_fs.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <iterator>

namespace kontext {

bool IsOnLocalFs(int fd) {
  constexpr unsigned long kKnown[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
                                      F2FS_SUPER_MAGIC, TMPFS_MAGIC,     OVERLAYFS_SUPER_MAGIC};
  struct statfs info;
  return fstatfs(fd, &info) == 0 &&
         std::find(std::begin(kKnown), std::end(kKnown), info.f_type) != std::end(kKnown);
}

}  // namespace kontext
