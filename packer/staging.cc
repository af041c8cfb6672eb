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

Staging::Object::Object(Staging* staging, const Digest& sha256, uint64_t size, std::string subject)
    : staging_(staging), sha256_(sha256), size_(size), subject_(std::move(subject)) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
  file_.reset(openat(staging_->fd_.get(), ToHex(sha256).c_str(), kFlags, 0600));
  if (!file_.valid()) Fail(subject_);
}

Staging::Object::~Object() {
  if (file_.valid()) unlinkat(staging_->fd_.get(), ToHex(sha256_).c_str(), 0);
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
  return openat(fd_.get(), ToHex(sha256).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

int Staging::Move(const Digest& sha256, int dir_fd, const char* temp) const {
  UniqueFd file(Open(sha256));
  // Held before it is where somebody could take it for a leftover.
  if (!file.valid() || !tree::HoldTemp(file.get())) return -1;
  if (renameat(fd_.get(), ToHex(sha256).c_str(), dir_fd, temp) != 0) return -1;
  return file.release();
}

}  // namespace kontext
