#include "packer/cache/cache_dir.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include "packer/cache/cache_trim.h"
#include "packer/error.h"
#include "packer/leftover.h"
#include "packer/local_fs.h"
#include "packer/temp_file.h"

namespace kontext {
namespace {

// A stat cache is about 125 bytes an entry, 10 MB for the Linux kernel, and a second file of at
// most a sixteenth of that. An index that a push reads is at most as large as the tree's listing,
// mostly far smaller; a manifest is a few kilobytes.
constexpr CacheBounds kBounds[kCacheKinds] = {
    {"stat", 512 << 20, 128},
    {"index", 512 << 20, 2048},
    {"lines", 512 << 20, 4096},
    {"manifest", 64 << 20, 2048},
};
static_assert(static_cast<size_t>(CacheKind::kManifest) + 1 == kCacheKinds);

// Trimming looks at every file of the folder, so neither each write nor each run pays for it: a
// full folder has thousands, and that took longer than all else that a small push does here. The
// bounds may be passed meanwhile.
constexpr uint32_t kWritesBetweenTrims = 32;
// One such file took longer to write than trimming takes, and few of them pass the bounds.
constexpr uint64_t kLargeFile = 4 << 20;

// A file's time of use is renewed when it is older than this, so that reading seldom writes.
constexpr int64_t kUseInterval = 24 * 3600;

// Kernel source, 10 MB: mapped and summed in 2 ms, read into memory and summed in 8.
constexpr size_t kWorthMapping = 1 << 20;

constexpr size_t kMaxKey = 128;
constexpr mode_t kPrivate = 0700;

const CacheBounds& BoundsOf(CacheKind kind) { return kBounds[static_cast<size_t>(kind)]; }

bool IsKey(std::string_view key) {
  return !key.empty() && key.size() <= kMaxKey && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

// Nobody else may have put into it what this user would believe.
bool IsOwn(const struct stat& info) {
  return S_ISDIR(info.st_mode) && info.st_uid == geteuid() && (info.st_mode & 022) == 0;
}

// The folder and what is missing above it.
void MakeFolders(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    mkdir(path.substr(0, slash).c_str(), kPrivate);
  }
  mkdir(path.c_str(), kPrivate);
}

}  // namespace

CacheDir::CacheDir(const std::string& folder, Trace trace)
    : folder_(folder.starts_with('/') ? folder : ""),
      trace_(std::move(trace)),
      shared_(std::make_unique<Shared>()) {}

std::string CacheDir::DefaultFolder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return std::string(cache) + "/kontext";
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return std::string(home) + "/.cache/kontext";
  return "";
}

UniqueFd CacheDir::Open(CacheKind kind, bool make) const {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  UniqueFd top(open(folder_.c_str(), kFlags));
  if (!top.valid() && make) {
    MakeFolders(folder_);
    top = UniqueFd(open(folder_.c_str(), kFlags));
  }
  if (!top.valid()) {
    if (make) Say(std::strerror(errno));
    return {};
  }
  struct stat info;
  if (fstat(top.get(), &info) != 0 || !IsOwn(info)) {
    Say("it is not this user's alone");
    return {};
  }
  if (make) mkdirat(top.get(), BoundsOf(kind).folder, kPrivate);
  UniqueFd folder(openat(top.get(), BoundsOf(kind).folder, kFlags | O_NOFOLLOW));
  if (!folder.valid() && make) Say(std::strerror(errno));
  if (folder.valid() && (fstat(folder.get(), &info) != 0 || !IsOwn(info))) return {};
  return folder;
}

void CacheDir::Renew(CacheKind kind, std::string_view key) const {
  std::optional<File> file = OpenFile(kind, key);
  if (file) futimens(file->fd.get(), nullptr);
}

std::optional<CacheDir::File> CacheDir::OpenFile(CacheKind kind, std::string_view key) const {
  if (folder_.empty() || !IsKey(key)) return std::nullopt;
  UniqueFd folder = Open(kind, false);
  if (!folder.valid()) return std::nullopt;
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  UniqueFd file(openat(folder.get(), std::string(key).c_str(), kFlags));
  struct stat info;
  if (!file.valid() || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  if (static_cast<uint64_t>(info.st_size) > BoundsOf(kind).max_bytes) return std::nullopt;
  if (info.st_mtim.tv_sec + kUseInterval < std::time(nullptr)) futimens(file.get(), nullptr);
  return File{std::move(file), static_cast<size_t>(info.st_size)};
}

// Nothing when it cannot be mapped.
std::optional<CachedBytes> CacheDir::Map(const File& file) {
  size_t size = file.size;
  if (size < kWorthMapping || !IsOnLocalFs(file.fd.get())) return std::nullopt;
  // Writable only afterwards: else each page would become a copy at once.
  void* start = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file.fd.get(), 0);
  if (start == MAP_FAILED) return std::nullopt;
  CachedBytes bytes{{static_cast<char*>(start), [size](char* data) { munmap(data, size); }}, size};
  if (mprotect(start, size, PROT_READ | PROT_WRITE) != 0) return std::nullopt;
  return bytes;
}

std::optional<CachedBytes> CacheDir::Read(CacheKind kind, std::string_view key) const {
  std::optional<File> file = OpenFile(kind, key);
  if (!file) return std::nullopt;
  if (std::optional<CachedBytes> mapped = Map(*file)) return mapped;
  size_t size = file->size;
  auto data = std::make_unique_for_overwrite<char[]>(size);
  ssize_t n = ReadUpTo(file->fd.get(), data.get(), size);
  if (n < 0 || static_cast<size_t>(n) != size) return std::nullopt;
  return CachedBytes{{data.release(), std::default_delete<char[]>()}, size};
}

bool CacheDir::WriteFile(const UniqueFd& folder, const std::string& name, uint64_t max_bytes,
                         const std::function<void(const Sink&)>& make, uint64_t* size) const {
  try {
    TempFile file(folder.get(), 0600);
    make([&](std::string_view bytes) {
      *size += bytes.size();
      if (*size > max_bytes) throw Error(ErrorKind::kIo, "a file larger than the cache's bounds");
      file.Write(bytes.data(), bytes.size());
    });
    file.CommitAs(name);
    return true;
  } catch (const Error& error) {
    Say(error.what());
    return false;
  }
}

bool CacheDir::Write(CacheKind kind, std::string_view key, std::string_view bytes) const {
  return Write(kind, key, [&](const Sink& sink) { sink(bytes); });
}

bool CacheDir::Write(CacheKind kind, std::string_view key,
                     const std::function<void(const Sink&)>& make) const {
  if (folder_.empty() || !IsKey(key)) return false;
  UniqueFd folder = Open(kind, true);
  if (!folder.valid()) return false;
  uint64_t size = 0;
  bool written = WriteFile(folder, std::string(key), BoundsOf(kind).max_bytes, make, &size);
  uint32_t before;
  {
    std::lock_guard lock(shared_->mutex);
    before = shared_->writes[static_cast<size_t>(kind)]++;
  }
  bool trim = size > kLargeFile || (before == 0 && IsTrimDue(folder.get())) ||
              (before > 0 && before % kWritesBetweenTrims == 0);
  if (trim) {
    TrimCache(folder.get(), BoundsOf(kind));
  } else if (before == 0) {
    RemoveLeftovers(folder.get());
  }
  return written;
}

void CacheDir::Say(const std::string& problem) const {
  std::lock_guard lock(shared_->mutex);
  if (!trace_ || std::exchange(shared_->said, true)) return;
  trace_("cache " + folder_ + " is not used: " + problem);
}

}  // namespace kontext
