#include "common/tree/remove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <new>

#include "common/fd.h"
#include "common/mount_root.h"
#include "common/path.h"
#include "common/tree/dir_open.h"
#include "common/tree/dir_read.h"
#include "common/tree/parked.h"

namespace kontext::tree {
namespace {

// Unlinks all but directories; stops at the first of those.
struct Emptier {
  int fd;
  bool found_dir = false;
  char dir_name[kMaxName + 1];

  static bool Visit(void* context, const char* name) {
    Emptier* self = static_cast<Emptier*>(context);
    if (unlinkat(self->fd, name, 0) == 0 || errno == ENOENT) return true;
    // POSIX says EPERM for a directory, Linux EISDIR; EPERM can have other reasons.
    int error = errno;
    struct stat st;
    bool is_dir = fstatat(self->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    errno = error;
    if (!is_dir || strlen(name) > kMaxName) return false;
    self->found_dir = true;
    memcpy(self->dir_name, name, strlen(name) + 1);
    return false;
  }
};

bool IsMounted(int fd, int above_fd) {
  struct stat st;
  struct stat above;
  return fstat(fd, &st) != 0 || fstat(above_fd, &above) != 0 || st.st_dev != above.st_dev ||
         IsMountRoot(fd, "");
}

// The directories from the one being removed down to the one being emptied. Not a recursion:
// worker threads have small stacks.
class Descent {
 public:
  explicit Descent(int outer_fd) : outer_fd_(outer_fd) {}
  ~Descent() {
    while (depth_ > 0) Close(levels_[--depth_].fd);
    free(levels_);
  }
  Descent(const Descent&) = delete;
  Descent& operator=(const Descent&) = delete;

  bool Enter(const char* name);
  // Removes the innermost directory, which is empty.
  bool Leave();
  int fd() const { return depth_ == 0 ? outer_fd_ : levels_[depth_ - 1].fd; }
  bool Done() const { return depth_ == 0; }

 private:
  static void Close(int fd);

  struct Level {
    int fd;
    ParkedDir place;
    char name[kMaxName + 1];
  };
  int outer_fd_;
  Level* levels_ = nullptr;
  size_t depth_ = 0;
  size_t capacity_ = 0;
};

void Descent::Close(int fd) {
  int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
}

bool Descent::Enter(const char* name) {
  if (depth_ == capacity_) {
    size_t capacity = capacity_ == 0 ? 8 : capacity_ * 2;
    Level* grown = static_cast<Level*>(realloc(levels_, capacity * sizeof(Level)));
    if (grown == nullptr) return false;
    levels_ = grown;
    capacity_ = capacity;
  }
  mode_t mode = 0;
  int fd = ForceOpenDirAt(this->fd(), name, &mode);
  if (fd < 0) return false;
  if (IsMounted(fd, this->fd())) {
    close(fd);
    errno = EXDEV;
    return false;
  }
  // A failure to do so shows at the first unlink.
  if ((mode & 0700) != 0700) fchmod(fd, mode | 0700);
  Level& level = *new (&levels_[depth_++]) Level{fd, {}, {}};
  memcpy(level.name, name, strlen(name) + 1);
  if (depth_ > kOpenLevels) {
    Level& outer = levels_[depth_ - 1 - kOpenLevels];
    outer.place.Park(&outer.fd);
  }
  return true;
}

bool Descent::Leave() {
  Level& level = levels_[--depth_];
  bool back = depth_ == 0 || levels_[depth_ - 1].place.Unpark(&levels_[depth_ - 1].fd, level.fd);
  Close(level.fd);
  if (!back) return false;
  return unlinkat(fd(), level.name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

}  // namespace

bool RemoveAt(const Run& run, int dir_fd, const char* name) {
  Emptier first{dir_fd, false, {}};
  if (Emptier::Visit(&first, name)) return true;
  if (!first.found_dir) return false;
  Descent descent(dir_fd);
  if (!descent.Enter(name)) return false;
  while (!descent.Done()) {
    if (run.Stopping()) {
      errno = ECANCELED;
      return false;
    }
    Emptier emptier{descent.fd(), false, {}};
    bool empty = ForEachName(descent.fd(), Emptier::Visit, &emptier);
    bool moved = empty ? descent.Leave() : emptier.found_dir && descent.Enter(emptier.dir_name);
    if (!moved) return false;
  }
  return true;
}

}  // namespace kontext::tree
