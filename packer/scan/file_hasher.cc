#include "packer/scan/file_hasher.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "packer/error.h"
#include "packer/hash.h"
#include "packer/scan/file_opener.h"
#include "packer/scan/still_file.h"

namespace kontext {
namespace {

constexpr size_t kBuffer = 256 * 1024;
constexpr int kReadings = 5;

bool SameMoment(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec && a.st_ctim.tv_sec == b.st_ctim.tv_sec &&
         a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

class Reader {
 public:
  explicit Reader(const Context& context) : context_(context), opener_(context), buffer_(kBuffer) {}

  void HashOne(IndexEntry* entry, FileStat* stat) {
    for (int reading = 0; reading < kReadings; ++reading) {
      if (!ReadOnce(entry, stat)) continue;
      quick_hashes_.Add(entry->sha256, quick_);
      return;
    }
    FailMoving(*entry);
  }

  const QuickHashes& quick_hashes() const { return quick_hashes_; }

 private:
  // False: the file changed meanwhile.
  bool ReadOnce(IndexEntry* entry, FileStat* stat) {
    auto [file, before] = opener_.Open(entry->path);
    struct stat after;
    Stillness stillness = WaitUntilStill(file.get(), &before);
    if (stillness == Stillness::kFailed) Fail(*entry);
    if (stillness == Stillness::kMoving) FailMoving(*entry);
    auto promised = static_cast<uint64_t>(before.st_size);
    uint64_t size = 0;
    while (size <= promised) {
      ssize_t n = ReadRest(file.get(), buffer_.data(), buffer_.size(), promised - size);
      if (n < 0) Fail(*entry);
      hasher_.Update(buffer_.data(), static_cast<size_t>(n));
      quick_hasher_.Update({buffer_.data(), static_cast<size_t>(n)});
      size += static_cast<uint64_t>(n);
      if (static_cast<size_t>(n) < buffer_.size()) break;
    }
    if (fstat(file.get(), &after) != 0) Fail(*entry);
    entry->sha256 = hasher_.Finish();
    quick_ = quick_hasher_.Finish();
    entry->size = size;
    // Another file may have taken the place of the one that the walk saw.
    entry->mode = after.st_mode & kPermissions;
    *stat = FileStatOf(after);
    return SameMoment(before, after) && static_cast<uint64_t>(after.st_size) == size;
  }

  [[noreturn]] void FailMoving(const IndexEntry& entry) const {
    throw Error(ErrorKind::kChanged,
                context_.Describe(entry.path) + " keeps changing while it is read");
  }

  [[noreturn]] void Fail(const IndexEntry& entry) const {
    throw Error(ErrorKind::kIo,
                "cannot read " + context_.Describe(entry.path) + ": " + std::strerror(errno));
  }

  const Context& context_;
  FileOpener opener_;
  std::vector<char> buffer_;
  Hasher hasher_;
  QuickHasher quick_hasher_;
  uint64_t quick_ = 0;  // of the reading before
  QuickHashes quick_hashes_;
};

}  // namespace

QuickHashes HashFiles(const Context& context, size_t threads, std::span<const size_t> which,
                      Walked* walked) {
  std::vector<IndexEntry>& entries = walked->listing.mutable_entries();
  std::atomic<size_t> next{0};
  std::mutex mutex;  // guards failure and quick_hashes
  std::exception_ptr failure;
  QuickHashes quick_hashes;
  auto work = [&] {
    try {
      Reader reader(context);
      for (size_t i = next++; i < which.size(); i = next++) {
        reader.HashOne(&entries[which[i]], &walked->stats[which[i]]);
      }
      std::lock_guard lock(mutex);
      quick_hashes.Add(reader.quick_hashes());
    } catch (...) {
      std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = which.size();
    }
  };
  std::vector<std::jthread> pool;
  for (size_t i = 1; i < std::min(threads, which.size()); ++i) pool.emplace_back(work);
  work();
  pool.clear();
  if (failure) std::rethrow_exception(failure);
  quick_hashes.Sort();
  return quick_hashes;
}

QuickHashes HashFiles(const Context& context, size_t threads, Walked* walked) {
  std::vector<size_t> files;
  const std::vector<IndexEntry>& entries = walked->listing.entries();
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].type == EntryType::kFile) files.push_back(i);
  }
  return HashFiles(context, threads, files, walked);
}

}  // namespace kontext
