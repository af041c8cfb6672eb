#include "extractor/dir_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fd.h"

namespace kontext::extractor {
namespace {

// fchmodat2(2), since Linux 6.6: newer than the C libraries we build with.
constexpr long kFchmodat2 = 452;

// chmod of what an O_PATH descriptor refers to. Without /proc and on an older kernel there is no
// way that could not be led astray by a symlink; then it fails.
bool ChmodPath(int path_fd, mode_t mode) {
  if (syscall(kFchmodat2, path_fd, "", mode, AT_EMPTY_PATH) == 0) return true;
  constexpr char kPrefix[] = "/proc/self/fd/";
  char path[sizeof kPrefix + 10];
  memcpy(path, kPrefix, sizeof kPrefix);
  char digits[10];
  size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + path_fd % 10);
    path_fd /= 10;
  } while (path_fd != 0);
  size_t at = sizeof kPrefix - 1;
  while (count > 0) path[at++] = digits[--count];
  path[at] = '\0';
  return chmod(path, mode) == 0;
}

bool MakeParents(char* path) {
  for (char* c = path + 1; *c != '\0'; ++c) {
    if (*c != '/') continue;
    *c = '\0';
    bool made = mkdir(path, 0777) == 0 || errno == EEXIST || errno == EROFS || errno == EACCES;
    *c = '/';
    if (!made) return false;
  }
  return mkdir(path, 0777) == 0 || errno == EEXIST;
}

}  // namespace

int OpenDirAt(int dir_fd, const char* name) {
  return openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int ForceOpenDirAt(int dir_fd, const char* name, mode_t* mode) {
  struct stat st;
  UniqueFd fd(OpenDirAt(dir_fd, name));
  if (fd.valid()) {
    if (fstat(fd.get(), &st) != 0) return -1;
    *mode = st.st_mode & 07777;
    return fd.release();
  }
  if (errno != EACCES) return -1;
  UniqueFd path_fd(openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!path_fd.valid() || fstat(path_fd.get(), &st) != 0) return -1;
  *mode = st.st_mode & 07777;
  if (!ChmodPath(path_fd.get(), *mode | 0700)) {
    errno = EACCES;
    return -1;
  }
  return OpenDirAt(dir_fd, name);
}

int OpenTarget(const char* path, bool create) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  int fd = open(path, kFlags);
  if (fd >= 0 || !create || errno != ENOENT) return fd;
  char* copy = strdup(path);
  if (copy == nullptr) return -1;
  bool made = MakeParents(copy);
  int error = errno;
  free(copy);
  errno = error;
  return made ? open(path, kFlags) : -1;
}

}  // namespace kontext::extractor
