#include "common/tree/prune.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/tree/dir_open.h"
#include "common/tree/last_name.h"
#include "common/tree/remove.h"
#include "common/tree/walk.h"

namespace kontext::tree {
namespace {

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
  return run->Stopping() ? false : run->FailAt(dir->path, name, "cannot be removed", error);
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

bool Prune(Run* run, const EntrySource& listing, int target_fd) {
  Pruner pruner(run);
  return pruner.Start(target_fd) && listing.ForEach(Pruner::Visit, &pruner) && pruner.Finish();
}

}  // namespace kontext::tree
