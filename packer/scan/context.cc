#include "packer/scan/context.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/path.h"
#include "packer/error.h"
#include "packer/hash.h"
#include "packer/scan/walker.h"

namespace kontext {
namespace {

// Of a longer path, a message shows this much of both ends.
constexpr size_t kShownPath = 256;

[[noreturn]] void FailIo(const std::string& what, const std::string& path) {
  throw Error(ErrorKind::kIo, what + " " + path + ": " + std::strerror(errno));
}

}  // namespace

const char* KindOf(mode_t mode) {
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISFIFO(mode)) return "a fifo";
  if (S_ISBLK(mode) || S_ISCHR(mode)) return "a device";
  return "of an unknown kind";
}

Context::Context(const std::string& path) : name_(path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) FailIo("cannot read", path);
  if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode)) {
    throw Error(ErrorKind::kIo,
                path + " is " + KindOf(info.st_mode) + ": a directory or a regular file is needed");
  }
  std::string dir = path;
  if (S_ISREG(info.st_mode)) {
    only_ = NameOf(path);
    dir = path.substr(0, path.size() - only_.size());
    if (dir.empty()) dir = ".";
    name_ = dir == "." ? "" : dir.substr(0, std::max<size_t>(dir.size() - 1, 1));
  }
  root_ = UniqueFd(open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root_.valid()) FailIo("cannot open directory", dir);
}

std::string Context::Describe(std::string_view path) const {
  if (path.empty()) return name_;
  if (path.size() > 3 * kShownPath) {
    std::string shown(path.substr(0, kShownPath));
    return Describe(shown.append("[...]").append(path.substr(path.size() - kShownPath)));
  }
  if (name_.empty()) return std::string(path);
  return name_ + (name_.ends_with('/') ? "" : "/") + std::string(path);
}

std::string Context::CacheKey() const {
  struct statx info = {};
  statx(root_.get(), "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &info);
  uint64_t identity[3] = {info.stx_ino, 0, 0};
  // An inode number comes again; with the moment of birth it does not.
  if ((info.stx_mask & STATX_BTIME) != 0) {
    identity[1] = static_cast<uint64_t>(info.stx_btime.tv_sec);
    identity[2] = info.stx_btime.tv_nsec;
  }
  Hasher hasher;
  hasher.Update(identity, sizeof(identity));
  hasher.Update(only_);
  return ToHex(hasher.Finish());
}

Walked Context::Walk(const WalkOptions& options) const { return Walk(options, RecordedTree()); }

Walked Context::Walk(const WalkOptions& options, const RecordedTree& recorded) const {
  if (only_.empty()) return WalkTree(*this, root_.get(), options, recorded);
  struct stat info;
  // The file may be named by a link: what the user named is what is sent.
  if (fstatat(root_.get(), only_.c_str(), &info, 0) != 0) FailIo("cannot read", Describe(only_));
  IndexEntry entry;
  entry.path = only_;
  entry.mode = info.st_mode & kPermissions;
  entry.size = static_cast<uint64_t>(info.st_size);
  Walked walked;
  walked.listing.Add(entry);
  walked.stats.push_back(FileStatOf(info));
  bool known = recorded.size() == 1 && recorded.PathOf(recorded.entry(0)) == only_;
  walked.touched.push_back({0, known ? 0 : kNotRecorded});
  return walked;
}

}  // namespace kontext
