#include "packer/cache/cache_trim.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "common/fd.h"
#include "packer/leftover.h"

namespace kontext {
namespace {

// Its modification time says when the folder was trimmed last. No key is called that.
constexpr char kStamp[] = ".trimmed";
constexpr int64_t kInterval = 3600;

struct CacheFile {
  int64_t used;
  uint64_t size;
  std::string name;
};

std::vector<CacheFile> FilesOf(int folder) {
  std::vector<CacheFile> files;
  int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::unique_ptr<DIR, int (*)(DIR*)> stream(fd < 0 ? nullptr : fdopendir(fd), &closedir);
  if (!stream) {
    if (fd >= 0) close(fd);
    return files;
  }
  while (const dirent* item = readdir(stream.get())) {
    struct stat info;
    if (fstatat(folder, item->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(info.st_mode)) continue;
    files.push_back({info.st_mtim.tv_sec, static_cast<uint64_t>(info.st_size), item->d_name});
  }
  return files;
}

}  // namespace

void TrimCache(int folder, const CacheBounds& bounds) {
  RemoveLeftovers(folder);
  std::vector<CacheFile> files = FilesOf(folder);
  std::erase_if(files,
                [](const CacheFile& file) { return IsTempName(file.name) || file.name == kStamp; });
  std::sort(files.begin(), files.end(),
            [](const CacheFile& a, const CacheFile& b) { return a.used > b.used; });
  uint64_t bytes = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    bytes += files[i].size;
    if (i < bounds.max_files && bytes <= bounds.max_bytes) continue;
    unlinkat(folder, files[i].name.c_str(), 0);
    bytes -= files[i].size;
  }
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
  UniqueFd stamp(openat(folder, kStamp, kFlags, 0600));
  if (stamp.valid()) WriteAll(stamp.get(), "\n", 1);
}

bool IsTrimDue(int folder) {
  struct stat info;
  if (fstatat(folder, kStamp, &info, AT_SYMLINK_NOFOLLOW) != 0) return true;
  // A file's time may be a little ahead of time(), which is as old as the last tick; one that is
  // far ahead is of a clock that was set back.
  return std::abs(std::time(nullptr) - info.st_mtim.tv_sec) >= kInterval;
}

}  // namespace kontext
