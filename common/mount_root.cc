#include "common/mount_root.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kontext {
namespace {

// statx(2)'s, as far as it is needed: newer than the C libraries we build with.
struct StatX {
  uint32_t mask;
  uint32_t block_size;
  uint64_t attributes;
  uint64_t others[30];
};
static_assert(sizeof(StatX) == 256);

constexpr uint64_t kMountRoot = 0x2000;
constexpr int kEmptyPath = 0x1000;  // AT_EMPTY_PATH

}  // namespace

bool IsMountRoot(int dir_fd, const char* name) {
  StatX found = {};
  const int flags = AT_SYMLINK_NOFOLLOW | kEmptyPath;
  return syscall(SYS_statx, dir_fd, name, flags, 0, &found) == 0 &&
         (found.attributes & kMountRoot) != 0;
}

}  // namespace kontext
