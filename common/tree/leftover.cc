#include "common/tree/leftover.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/tree/dir_read.h"
#include "common/tree/remove.h"
#include "common/tree/temp_name.h"

namespace kontext::tree {
namespace {

struct Place {
  const Run& run;
  int dir_fd;
};

bool IsHeld(int dir_fd, const char* name) {
  struct stat st;
  // Links have no content to lose: who was about to rename one makes it again.
  if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) return true;
  if (S_ISLNK(st.st_mode)) return false;
  UniqueFd fd(openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  // One that was about to get its name had a mode that forbids us to read it.
  if (!fd.valid()) return errno != EACCES || st.st_uid != geteuid();
  return flock(fd.get(), LOCK_EX | LOCK_NB) != 0;
}

bool Visit(void* context, const char* name) {
  const Place* place = static_cast<const Place*>(context);
  if (TempNames::IsOne(name) && !IsHeld(place->dir_fd, name)) {
    RemoveAt(place->run, place->dir_fd, name);
  }
  return true;
}

}  // namespace

bool HoldTemp(int fd) {
  // A file system without locks has no use for them here either: see IsHeld.
  if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
  struct stat st;
  return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

void RemoveLeftovers(const Run& run, int dir_fd) {
  Place place{run, dir_fd};
  ForEachName(dir_fd, Visit, &place);
}

}  // namespace kontext::tree
