#include "packer/scan/file_hasher.h"

#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "packer/error.h"
#include "packer/hash.h"

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
  explicit Reader(const Context& context) : context_(context), buffer_(kBuffer) {}

  void HashOne(IndexEntry* entry) {
    for (int reading = 0; reading < kReadings; ++reading) {
      if (ReadOnce(entry)) return;
    }
    throw Error(ErrorKind::kChanged,
                context_.Describe(entry->path) + " keeps changing while it is read");
  }

 private:
  // False: the file changed meanwhile.
  bool ReadOnce(IndexEntry* entry) {
    UniqueFd file = context_.OpenFile(entry->path);
    struct stat before;
    struct stat after;
    if (fstat(file.get(), &before) != 0) Fail(*entry);
    uint64_t size = 0;
    for (;;) {
      ssize_t n = ReadUpTo(file.get(), buffer_.data(), buffer_.size());
      if (n < 0) Fail(*entry);
      hasher_.Update(buffer_.data(), static_cast<size_t>(n));
      size += static_cast<uint64_t>(n);
      if (static_cast<size_t>(n) < buffer_.size()) break;
    }
    if (fstat(file.get(), &after) != 0) Fail(*entry);
    entry->sha256 = hasher_.Finish();
    entry->size = size;
    return SameMoment(before, after) && static_cast<uint64_t>(after.st_size) == size;
  }

  [[noreturn]] void Fail(const IndexEntry& entry) const {
    throw Error(ErrorKind::kIo,
                "cannot read " + context_.Describe(entry.path) + ": " + std::strerror(errno));
  }

  const Context& context_;
  std::vector<char> buffer_;
  Hasher hasher_;
};

}  // namespace

void HashFiles(const Context& context, size_t threads, Listing* listing) {
  std::vector<IndexEntry>& entries = listing->mutable_entries();
  std::atomic<size_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  auto work = [&] {
    try {
      Reader reader(context);
      for (size_t i = next++; i < entries.size(); i = next++) {
        if (entries[i].type == EntryType::kFile) reader.HashOne(&entries[i]);
      }
    } catch (...) {
      std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      next = entries.size();
    }
  };
  std::vector<std::jthread> pool;
  for (size_t i = 1; i < threads; ++i) pool.emplace_back(work);
  work();
  pool.clear();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace kontext
