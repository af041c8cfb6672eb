#include "packer/store/temp_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <random>
#include <system_error>

#include "packer/error.h"

namespace kontext {
namespace {

constexpr int kNameTries = 100;

[[noreturn]] void Fail(int error) {
  throw Error(ErrorKind::kIo, std::generic_category().message(error));
}

}  // namespace

TempFile::TempFile(const std::string& directory) {
  std::random_device random;
  for (int i = 0; i < kNameTries && !fd_.valid(); ++i) {
    path_ = fmt::format("{}/.tmp-{:08x}{:08x}", directory, random(), random());
    // Not mkstemp: its 0600 would stay.
    fd_.reset(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!fd_.valid() && errno != EEXIST) Fail(errno);
  }
  if (!fd_.valid()) Fail(EEXIST);
}

TempFile::~TempFile() {
  if (!path_.empty()) unlink(path_.c_str());
}

void TempFile::Write(const void* data, size_t size) {
  if (!WriteAll(fd_.get(), data, size)) Fail(errno);
}

void TempFile::Commit(const std::string& path) {
  // Some file systems tell of a full disk only now.
  if (close(fd_.release()) != 0) Fail(errno);
  if (rename(path_.c_str(), path.c_str()) != 0) Fail(errno);
  path_.clear();
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
