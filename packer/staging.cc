#include "packer/staging.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/tree/dir_open.h"
#include "common/tree/leftover.h"
#include "common/tree/remove.h"
#include "packer/error.h"

namespace kontext {
namespace {

[[noreturn]] void Fail(const std::string& subject) {
  throw Error(ErrorKind::kIo, subject + ": cannot be written: " + std::strerror(errno));
}

}  // namespace

Staging::Staging(int dir_fd, std::string directory)
    : dir_fd_(dir_fd), directory_(std::move(directory)) {
  constexpr int kTries = 3;  // another run may take it for a leftover before it is held
  for (int i = 0; i < kTries && !fd_.valid(); ++i) {
    names_.Next(name_);
    if (mkdirat(dir_fd_, name_, 0700) != 0) Fail(directory_);
    fd_.reset(tree::OpenDirAt(dir_fd_, name_));
    if (fd_.valid() && !tree::HoldTemp(fd_.get())) fd_.reset(-1);
  }
  if (!fd_.valid()) Fail(directory_);
}

Staging::~Staging() {
  tree::Run run{tree::RunOptions()};
  tree::RemoveAt(run, dir_fd_, name_);
}

int Staging::MakeFolder(const Digest& sha256) {
  size_t number = sha256.bytes[0] % kFolders;
  std::string name = std::to_string(number);
  std::lock_guard lock(mutex_);
  UniqueFd& folder = folders_[number];
  if (folder.valid()) return folder.get();
  if (mkdirat(fd_.get(), name.c_str(), 0700) != 0) return -1;
  folder.reset(tree::OpenDirAt(fd_.get(), name.c_str()));
  return folder.get();
}

int Staging::FolderOf(const Digest& sha256) const {
  std::lock_guard lock(mutex_);
  return folders_[sha256.bytes[0] % kFolders].get();
}

Staging::Object::Object(Staging* staging, const Digest& sha256, uint64_t size, std::string subject)
    : staging_(staging), sha256_(sha256), size_(size), subject_(std::move(subject)) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
  folder_ = staging_->MakeFolder(sha256);
  if (folder_ < 0) Fail(subject_);
  file_.reset(openat(folder_, ToHex(sha256).c_str(), kFlags, 0600));
  if (!file_.valid()) Fail(subject_);
}

Staging::Object::~Object() {
  if (file_.valid()) unlinkat(folder_, ToHex(sha256_).c_str(), 0);
}

void Staging::Object::Write(std::string_view bytes) {
  written_ += bytes.size();
  if (written_ > size_) return;  // it is not the content: seen at the end
  hasher_.Update(bytes);
  if (!WriteAll(file_.get(), bytes.data(), bytes.size())) Fail(subject_);
}

bool Staging::Object::Commit() {
  if (written_ != size_ || !(hasher_.Finish() == sha256_)) return false;
  // Some file systems tell of a full disk only now.
  if (close(file_.release()) != 0) Fail(subject_);
  std::lock_guard lock(staging_->mutex_);
  staging_->staged_.insert(sha256_);
  return true;
}

int Staging::Open(const Digest& sha256) const {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC;
  int folder = FolderOf(sha256);
  errno = ENOENT;
  return folder < 0 ? -1 : openat(folder, ToHex(sha256).c_str(), kFlags);
}

bool Staging::Move(const Digest& sha256, int dir_fd, const char* name) const {
  return renameat(FolderOf(sha256), ToHex(sha256).c_str(), dir_fd, name) == 0;
}

}  // namespace kontext
