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
  // Files of a directory may still be under way when it is looked at first; of so many at most.
  constexpr unsigned kTries = 256;
  unsigned level = 0;
  for (DirNode* node = parent_; node != nullptr && level < kOpenLevels + kTries; ++level) {
    if (level >= kOpenLevels && node->references_.Load() == 1) node->place_.Park(&node->fd_);
    node = node->parent_;
  }
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
    if (node->fd_ >= 0) close(node->fd_);
    DirNode* parent = node->parent_;
    free(node);
    node = parent;
  }
}

}  // namespace kontext::tree
