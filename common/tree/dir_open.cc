#include "common/tree/dir_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "common/fd.h"

namespace kontext::tree {
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

// `*before`: what was found, before its mode was changed. `*forced`: it was.
int ForceOpenAt(int dir_fd, const char* name, int kind, mode_t wanted, struct stat* before,
                bool* forced) {
  const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind;
  *forced = false;
  UniqueFd fd(openat(dir_fd, name, flags));
  if (fd.valid()) return fstat(fd.get(), before) == 0 ? fd.release() : -1;
  if (errno != EACCES) return -1;
  UniqueFd path_fd(openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC | (kind & O_DIRECTORY)));
  if (!path_fd.valid() || fstat(path_fd.get(), before) != 0) return -1;
  bool is_link = S_ISLNK(before->st_mode);
  // The mode of a file with other names is not ours alone.
  bool shared = S_ISREG(before->st_mode) && before->st_nlink > 1;
  *forced = !is_link && !shared && ChmodPath(path_fd.get(), (before->st_mode & 07777) | wanted);
  if (*forced) return openat(dir_fd, name, flags);
  errno = EACCES;
  return -1;
}

bool SameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
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
  bool forced = false;
  UniqueFd fd(ForceOpenAt(dir_fd, name, O_DIRECTORY, 0700, &st, &forced));
  if (fd.valid()) *mode = st.st_mode & 07777;
  return fd.release();
}

int ForceOpenFileAt(int dir_fd, const char* name, struct stat* st) {
  bool forced = false;
  UniqueFd fd(ForceOpenAt(dir_fd, name, O_NONBLOCK, 0400, st, &forced));
  if (fd.valid() && forced && fstat(fd.get(), st) != 0) return -1;
  return fd.release();
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

bool IsWithin(int inner_fd, int outer_fd) {
  UniqueFd dir(openat(inner_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat here;
  struct stat outer;
  if (!dir.valid() || fstat(dir.get(), &here) != 0 || fstat(outer_fd, &outer) != 0) return true;
  for (;;) {
    if (SameFile(here, outer)) return true;
    UniqueFd up(openat(dir.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct stat above;
    if (!up.valid() || fstat(up.get(), &above) != 0) return true;
    if (SameFile(here, above)) return false;  // the root
    dir = std::move(up);
    here = above;
  }
}

}  // namespace kontext::tree
