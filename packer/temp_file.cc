#include "packer/temp_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "common/tree/leftover.h"
#include "packer/error.h"
#include "packer/leftover.h"

namespace kontext {
namespace {

constexpr int kNameTries = 100;

[[noreturn]] void Fail(int error) {
  throw Error(ErrorKind::kIo, std::generic_category().message(error));
}

std::string LinkOf(int fd) { return fmt::format("/proc/self/fd/{}", fd); }

}  // namespace

TempFile::TempFile(const std::string& folder, mode_t mode)
    : own_folder_(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
      folder_(own_folder_.get()) {
  if (!own_folder_.valid()) Fail(errno);
  Open(mode);
}

TempFile::TempFile(int folder, mode_t mode) : folder_(folder) { Open(mode); }

TempFile::~TempFile() {
  if (!name_.empty()) unlinkat(folder_, name_.c_str(), 0);
}

void TempFile::Open(mode_t mode) {
  if (OpenUnnamed(mode)) return;
  for (int i = 0; i < kNameTries; ++i) {
    if (OpenNamed(mode)) return;
  }
  Fail(EEXIST);
}

bool TempFile::OpenUnnamed(mode_t mode) {
  fd_.reset(openat(folder_, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode));
  // It gets its name by way of /proc, which may not be there.
  if (!fd_.valid() || access(LinkOf(fd_.get()).c_str(), F_OK) != 0) return false;
  tree::HoldTemp(fd_.get());  // for the moment in which it has a temporary name
  return true;
}

bool TempFile::OpenNamed(mode_t mode) {
  name_ = NewTempName();
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  fd_.reset(openat(folder_, name_.c_str(), kFlags, mode));
  if (fd_.valid() && tree::HoldTemp(fd_.get())) return true;
  int error = fd_.valid() ? EEXIST : errno;
  name_.clear();  // somebody else is just removing it, or it is not ours
  if (error != EEXIST) Fail(error);
  return false;
}

void TempFile::Write(const void* data, size_t size) {
  if (!WriteAll(fd_.get(), data, size)) Fail(errno);
}

void TempFile::Commit(const std::string& path) { CommitAt(AT_FDCWD, path); }

void TempFile::CommitAs(const std::string& name) { CommitAt(folder_, name); }

bool TempFile::Link(int folder, const std::string& path) {
  std::string from = LinkOf(fd_.get());
  if (linkat(AT_FDCWD, from.c_str(), folder, path.c_str(), AT_SYMLINK_FOLLOW) == 0) return true;
  if (errno != EEXIST) Fail(errno);
  return false;
}

void TempFile::CommitAt(int folder, const std::string& path) {
  // Some file systems tell of a full disk only when it is closed; but it must be held until then.
  int copy = fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0 || close(copy) != 0) Fail(errno);
  if (name_.empty()) {
    if (Link(folder, path)) return;
    // Only a rename replaces what is there.
    for (int i = 0; i < kNameTries && name_.empty(); ++i) {
      std::string name = NewTempName();
      if (Link(folder_, name)) name_ = std::move(name);
    }
    if (name_.empty()) Fail(EEXIST);
  }
  if (renameat(folder_, name_.c_str(), folder, path.c_str()) != 0) Fail(errno);
  name_.clear();
}

bool ReadWholeFile(const std::string& path, size_t max_size, std::string* out) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    Fail(errno);
  }
  struct stat info;
  if (fstat(fd.get(), &info) != 0) Fail(errno);
  if (static_cast<uint64_t>(info.st_size) > max_size) {
    throw Error(ErrorKind::kFormat, fmt::format("it is longer than {} bytes", max_size));
  }
  out->resize(static_cast<size_t>(info.st_size));
  ssize_t got = ReadUpTo(fd.get(), out->data(), out->size());
  if (got < 0) Fail(errno);
  out->resize(static_cast<size_t>(got));
  return true;
}

}  // namespace kontext
