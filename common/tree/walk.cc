#include "common/tree/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <new>

#include "common/path.h"
#include "common/tree/last_name.h"

namespace kontext::tree {

TreeWalk::~TreeWalk() {
  while (dir_ != nullptr) Drop();
}

WalkedDir* TreeWalk::Enter(std::string_view path, int fd) {
  char* memory = static_cast<char*>(malloc(sizeof(WalkedDir) + path.size()));
  if (memory == nullptr) {
    if (fd >= 0) close(fd);
    run_->Fail(path, "out of memory");
    return nullptr;
  }
  char* kept = memory + sizeof(WalkedDir);
  if (!path.empty()) memcpy(kept, path.data(), path.size());
  dir_ = new (memory) WalkedDir{dir_, std::string_view(kept, path.size()), fd, false, 0, {}, {}};
  if (fd < 0) return dir_;
  if (!dir_->names.Load(fd)) {
    run_->Fail(path, "cannot be read", errno);
    return nullptr;
  }
  if (++open_levels_ > kOpenLevels) ParkOuter();
  return dir_;
}

// All above an open one are there, too.
void TreeWalk::ParkOuter() {
  WalkedDir* outer = dir_;
  for (unsigned i = 0; i < kOpenLevels; ++i) outer = outer->up;
  outer->place.Park(&outer->fd);
  open_levels_ = kOpenLevels;
}

bool TreeWalk::PassUntil(const char* name) {
  while (const char* first = dir_->names.first()) {
    if (name != nullptr && strcmp(first, name) >= 0) return true;
    if (run_->Stopping() || !unexpected_(context_, dir_, first)) return false;
    dir_->names.TakeFirst();
  }
  return true;
}

WalkedDir* TreeWalk::Meet(const IndexEntry& entry, bool* present) {
  std::string_view parent = ParentOf(entry.path);
  while (dir_->path.size() > parent.size()) {
    if (!Leave()) return nullptr;
  }
  if (dir_->path != parent) {
    run_->Fail(entry.path, "is out of place");
    return nullptr;
  }
  LastName name(entry.path);
  if (!PassUntil(name.c_str())) return nullptr;
  const char* first = dir_->names.first();
  *present = first != nullptr && strcmp(first, name.c_str()) == 0;
  if (*present) dir_->names.TakeFirst();
  return dir_;
}

bool TreeWalk::Leave() {
  bool passed = PassUntil(nullptr);
  Drop();
  return passed;
}

void TreeWalk::Drop() {
  WalkedDir* dir = dir_;
  dir_ = dir->up;
  if (dir->fd >= 0 && dir_ != nullptr) {
    if (!dir_->place.parked) {
      --open_levels_;
    } else if (!dir_->place.Unpark(&dir_->fd, dir->fd)) {
      run_->Fail(dir_->path, "cannot be gone back to", errno);
    }
  }
  if (dir->restore_mode && fchmod(dir->fd, dir->mode) != 0) {
    run_->Fail(dir->path, "mode cannot be set", errno);
  }
  if (dir->fd >= 0) close(dir->fd);
  dir->names.~DirNames();
  free(dir);
}

bool TreeWalk::Finish() {
  while (dir_ != nullptr) {
    if (!Leave()) return false;
  }
  return true;
}

}  // namespace kontext::tree
