#include "packer/scan/context.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "common/path.h"
#include "packer/error.h"

namespace kontext {
namespace {

constexpr mode_t kPermissions = 0777;
// Of a longer path, a message shows this much of both ends.
constexpr size_t kShownPath = 256;
// The kernel takes no path of PATH_MAX bytes or more in one call.
constexpr size_t kStep = 4000;

[[noreturn]] void FailIo(const std::string& what, const std::string& path) {
  throw Error(ErrorKind::kIo, what + " " + path + ": " + std::strerror(errno));
}

const char* KindOf(mode_t mode) {
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISFIFO(mode)) return "a fifo";
  if (S_ISBLK(mode) || S_ISCHR(mode)) return "a device";
  return "of an unknown kind";
}

class Walker {
 public:
  Walker(const Context& context, const Filter& filter, const Warning& warn)
      : context_(context), filter_(filter), warn_(warn) {}

  // Adds everything below `dir`, whose path in the context is `path`.
  void Enter(UniqueFd dir, const std::string& path) {
    for (const std::string& name : Names(dir, path)) {
      Visit(dir.get(), name, path.empty() ? name : path + '/' + name);
    }
  }

  Listing Finish() { return std::move(listing_); }

 private:
  struct Refused {
    std::string path;
    uint32_t mode;
  };

  std::vector<std::string> Names(const UniqueFd& dir, const std::string& path) const {
    int fd = dup(dir.get());
    std::unique_ptr<DIR, int (*)(DIR*)> stream(fd < 0 ? nullptr : fdopendir(fd), &closedir);
    if (!stream) FailIo("cannot read directory", context_.Describe(path));
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* item = readdir(stream.get())) {
      std::string_view name = item->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) FailIo("cannot read directory", context_.Describe(path));
    std::sort(names.begin(), names.end());
    return names;
  }

  void Visit(int parent, const std::string& name, const std::string& path) {
    struct stat info;
    if (fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return;  // removed since the directory was read
      FailIo("cannot read", context_.Describe(path));
    }
    IndexEntry entry;
    if (path.size() > kMaxPath) {
      throw Error(ErrorKind::kIo, context_.Describe(path) + ": its path has " +
                                      std::to_string(path.size()) + " bytes, more than " +
                                      std::to_string(kMaxPath));
    }
    entry.path = path;
    entry.mode = info.st_mode & kPermissions;
    bool wanted = !filter_ || filter_(path);
    if (S_ISDIR(info.st_mode)) return VisitDir(parent, name, path, entry, wanted);
    if (!wanted) return;
    if (S_ISREG(info.st_mode)) {
      entry.size = static_cast<uint64_t>(info.st_size);
      Add(entry);
    } else if (S_ISLNK(info.st_mode)) {
      std::string target = ReadLink(parent, name, path);
      entry.type = EntryType::kSymlink;
      entry.mode = 0;
      entry.target = target;
      Add(entry);
    } else if (warn_) {
      warn_(context_.Describe(path) + " is " + KindOf(info.st_mode) + ": left out");
    }
  }

  void VisitDir(int parent, const std::string& name, const std::string& path, IndexEntry entry,
                bool wanted) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd dir(openat(parent, name.c_str(), kFlags));
    if (!dir.valid()) FailIo("cannot open directory", context_.Describe(path));
    entry.type = EntryType::kDir;
    if (wanted) {
      Add(entry);
    } else {
      refused_.push_back({path, entry.mode});
    }
    Enter(std::move(dir), path);
    if (!refused_.empty() && refused_.back().path == path) refused_.pop_back();
  }

  std::string ReadLink(int parent, const std::string& name, const std::string& path) const {
    std::string target(kMaxTarget + 1, '\0');
    ssize_t n = readlinkat(parent, name.c_str(), target.data(), target.size());
    if (n < 0) FailIo("cannot read link", context_.Describe(path));
    target.resize(static_cast<size_t>(n));
    return target;
  }

  // An entry brings along the refused directories that it lies in.
  void Add(const IndexEntry& entry) {
    for (const Refused& dir : refused_) {
      IndexEntry parent;
      parent.type = EntryType::kDir;
      parent.path = dir.path;
      parent.mode = dir.mode;
      listing_.Add(parent);
    }
    refused_.clear();
    listing_.Add(entry);
  }

  const Context& context_;
  const Filter& filter_;
  const Warning& warn_;
  Listing listing_;
  std::vector<Refused> refused_;  // open refused directories without an entry yet, outermost first
};

}  // namespace

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

Listing Context::Walk(const Filter& filter, const Warning& warn) const {
  if (only_.empty()) {
    Walker walker(*this, filter, warn);
    UniqueFd root(dup(root_.get()));
    lseek(root.get(), 0, SEEK_SET);  // shared with an earlier walk
    walker.Enter(std::move(root), "");
    return walker.Finish();
  }
  struct stat info;
  // The file may be named by a link: what the user named is what is sent.
  if (fstatat(root_.get(), only_.c_str(), &info, 0) != 0) FailIo("cannot read", Describe(only_));
  IndexEntry entry;
  entry.path = only_;
  entry.mode = info.st_mode & kPermissions;
  entry.size = static_cast<uint64_t>(info.st_size);
  Listing listing;
  listing.Add(entry);
  return listing;
}

UniqueFd Context::OpenFile(std::string_view path) const {
  int follow = only_.empty() ? O_NOFOLLOW : 0;
  // O_NONBLOCK: a fifo that took the file's place must not be waited on.
  UniqueFd parent;
  std::string_view rest = path;
  while (rest.size() > kStep) {
    size_t cut = rest.rfind('/', kStep);
    std::string step(rest.substr(0, cut));
    int from = parent.valid() ? parent.get() : root_.get();
    parent.reset(openat(from, step.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!parent.valid()) break;
    rest.remove_prefix(cut + 1);
  }
  UniqueFd file;
  if (parent.valid() || rest.size() == path.size()) {
    int from = parent.valid() ? parent.get() : root_.get();
    file.reset(openat(from, std::string(rest).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | follow));
  }
  if (!file.valid() && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR)) {
    throw Error(ErrorKind::kChanged, Describe(path) + " went away while it was read");
  }
  if (!file.valid()) FailIo("cannot read", Describe(path));
  struct stat info;
  if (fstat(file.get(), &info) != 0) FailIo("cannot read", Describe(path));
  if (!S_ISREG(info.st_mode)) {
    throw Error(ErrorKind::kChanged, Describe(path) + " is no regular file any more");
  }
  return file;
}

}  // namespace kontext
