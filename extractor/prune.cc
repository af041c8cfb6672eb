#include "extractor/prune.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "common/fd.h"
#include "extractor/dir_open.h"
#include "extractor/last_name.h"
#include "extractor/remove.h"
#include "extractor/tree_walk.h"

namespace kontext::extractor {
namespace {

bool SameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Is `outer` the directory `inner_fd` or above it?
bool IsWithin(int inner_fd, const struct stat& outer) {
  UniqueFd dir(openat(inner_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat here;
  if (!dir.valid() || fstat(dir.get(), &here) != 0) return true;  // unknown: better not
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

// Makes a directory writable until the walk leaves it.
bool Unlock(WalkedDir* dir) {
  struct stat st;
  if (dir->restore_mode || fstat(dir->fd, &st) != 0) return false;
  if (fchmod(dir->fd, (st.st_mode & 07777) | 0700) != 0) return false;
  dir->restore_mode = true;
  dir->mode = st.st_mode & 07777;
  return true;
}

class Pruner {
 public:
  explicit Pruner(Run* run) : run_(run), walk_(run, Remove, this) {}

  bool Start(int target_fd) { return walk_.Enter("", target_fd) != nullptr; }
  bool Finish() { return walk_.Finish() && !run_->Stopping(); }

  static bool Visit(void* self, const IndexEntry& entry) {
    return static_cast<Pruner*>(self)->Meet(entry);
  }

 private:
  static bool Remove(void* self, WalkedDir* dir, const char* name);
  bool Meet(const IndexEntry& entry);

  Run* run_;
  TreeWalk walk_;
};

bool Pruner::Remove(void* self, WalkedDir* dir, const char* name) {
  Run* run = static_cast<Pruner*>(self)->run_;
  if (RemoveAt(*run, dir->fd, name)) return true;
  int error = errno;
  if (error == EACCES && Unlock(dir)) {
    if (RemoveAt(*run, dir->fd, name)) return true;
    error = errno;
  }
  if (run->Stopping()) return false;
  run->report().Say([&](Line& line) {
    if (!dir->path.empty()) line.Name(dir->path).Text("/");
    line.Name(name).Text(": cannot be removed: ").Text(strerror(error));
  });
  return run->FailSilently();
}

bool Pruner::Meet(const IndexEntry& entry) {
  bool present = false;
  WalkedDir* dir = walk_.Meet(entry, &present);
  if (dir == nullptr) return false;
  if (entry.type != EntryType::kDir) return true;
  UniqueFd fd;
  mode_t mode = 0;
  if (present) fd.reset(ForceOpenDirAt(dir->fd, LastName(entry.path).c_str(), &mode));
  if (!fd.valid()) return run_->Fail(entry.path, "is no longer there");
  WalkedDir* inner = walk_.Enter(entry.path, fd.release());
  if (inner == nullptr) return false;
  // Opening it may have taken more rights than it is to have.
  if ((mode & 0500) != 0500) {
    inner->restore_mode = true;
    inner->mode = mode;
    if (fchmod(inner->fd, mode | 0700) != 0) inner->restore_mode = false;
  }
  return true;
}

}  // namespace

bool HoldsImage(int target_fd, const Image& image) {
  struct stat target;
  if (fstat(target_fd, &target) != 0) return true;
  if (image.lib_fd() >= 0 && IsWithin(image.lib_fd(), target)) return true;
  return image.base_fd() >= 0 && IsWithin(image.base_fd(), target);
}

bool Prune(Run* run, Image* image, int target_fd) {
  Pruner pruner(run);
  return pruner.Start(target_fd) && image->ForEach(Pruner::Visit, &pruner) && pruner.Finish();
}

}  // namespace kontext::extractor
