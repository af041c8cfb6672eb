#include "common/tree/dir_node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <new>

namespace kontext::tree {

DirNode* DirNode::New(Run* run, DirNode* parent, std::string_view path, int fd, bool fresh) {
  char* memory = static_cast<char*>(malloc(sizeof(DirNode) + path.size()));
  if (memory == nullptr) return nullptr;
  char* kept = memory + sizeof(DirNode);
  if (!path.empty()) memcpy(kept, path.data(), path.size());
  if (parent != nullptr) parent->Ref();
  return new (memory) DirNode(run, parent, std::string_view(kept, path.size()), fd, fresh);
}

void DirNode::SetFinalMode(uint32_t mode) {
  has_final_mode_ = true;
  final_mode_ = mode;
}

void DirNode::ParkOuter() {
  unsigned level = 1;
  for (DirNode* node = parent_; node != nullptr; node = node->parent_, ++level) {
    if (level < kOpenLevels || node->references_.Load() != 1 || node->parked()) continue;
    node->place_.Park(&node->fd_);
    if (node->parked()) run_->open_dirs.Add(static_cast<unsigned>(-1));
  }
}

bool DirNode::Return(int below_fd) {
  if (!parked()) return true;
  if (!place_.Unpark(&fd_, below_fd)) return false;
  run_->open_dirs.Add(1);
  return true;
}

void DirNode::Settle() {
  if (fd_ < 0) return;  // it could not be gone back to, which was reported
  if (has_final_mode_ && fchmod(fd_, final_mode_) != 0) {
    int error = errno;
    struct stat st;
    // Not ours to change, but as it should be, is fine.
    bool right = fstat(fd_, &st) == 0 && (st.st_mode & 07777) == final_mode_;
    if (!right) run_->Fail(path_, "mode cannot be set", error);
  }
  const Owner& owner = run_->owner();
  if (owner.set && fchown(fd_, owner.uid, owner.gid) != 0) {
    run_->Fail(path_, "owner cannot be set", errno);
  }
}

void DirNode::Unref() {
  DirNode* node = this;
  while (node != nullptr && node->references_.Add(static_cast<uint32_t>(-1)) == 1) {
    node->Settle();
    if (node->fd_ >= 0) {
      close(node->fd_);
      node->run_->open_dirs.Add(static_cast<unsigned>(-1));
    }
    DirNode* parent = node->parent_;
    free(node);
    node = parent;
  }
}

}  // namespace kontext::tree
