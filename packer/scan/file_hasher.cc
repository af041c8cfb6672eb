#include "packer/scan/file_hasher.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "packer/error.h"
#include "packer/hash.h"
#include "packer/scan/file_opener.h"
#include "packer/scan/still_file.h"

namespace kontext {
namespace {

constexpr size_t kBuffer = 128 * 1024;
constexpr int kReadings = 5;

bool SameMoment(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec && a.st_ctim.tv_sec == b.st_ctim.tv_sec &&
         a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

// The next file to be read; null: there is none.
struct Target {
  IndexEntry* entry = nullptr;
  FileStat* stat = nullptr;
};

// Reads files one after the other. What is read is hashed when its owner says so: with what another
// lane has read, where there is something.
class Lane {
 public:
  // `later`: takes the files that may have to be waited for, or that change while they are read:
  // nobody waits while another file is half read. Null: they are waited for, and read again.
  Lane(const Context& context, FileOpener* opener, std::vector<Target>* later)
      : context_(context), opener_(opener), later_(later), buffer_(kBuffer) {}

  // Reads until there is a block to be hashed; what is less is hashed here. `take`: gives the next
  // Target. False: no file is left.
  template <typename Take>
  bool Fill(const Take& take) {
    while (left_.size() < kBlock) {
      if (target_.entry == nullptr) {
        target_ = take();
        if (target_.entry == nullptr) return false;
        readings_ = 0;
        Begin();
      } else if (!ends_) {
        HashLeft();
        Read();
      } else {
        End();
      }
    }
    return true;
  }

  void HashLeft() {
    hasher_.Update(left_);
    left_ = {};
  }

  // As many whole blocks as both have.
  static void HashBoth(Lane* a, Lane* b) {
    size_t size = std::min(a->left_.size(), b->left_.size()) / kBlock * kBlock;
    Hasher::UpdateBoth(&a->hasher_, a->left_.data(), &b->hasher_, b->left_.data(), size);
    a->left_.remove_prefix(size);
    b->left_.remove_prefix(size);
  }

  const QuickHashes& quick_hashes() const { return quick_hashes_; }

 private:
  // Of the hash. All that is read is a multiple of it, but for a file's end.
  static constexpr size_t kBlock = 64;
  static_assert(kBuffer % kBlock == 0);

  void Begin() {
    file_ = opener_->Open(target_.entry->path);
    if (later_ != nullptr && !IsStill(file_.info)) return PutOff();
    Stillness stillness = WaitUntilStill(file_.fd.get(), &file_.info);
    if (stillness == Stillness::kFailed) Fail();
    if (stillness == Stillness::kMoving) FailMoving();
    size_ = 0;
    ends_ = false;
    Read();
  }

  void Read() {
    auto promised = static_cast<uint64_t>(file_.info.st_size);
    ssize_t n = ReadRest(file_.fd.get(), buffer_.data(), buffer_.size(), promised - size_);
    if (n < 0) Fail();
    left_ = {buffer_.data(), static_cast<size_t>(n)};
    quick_hasher_.Update(left_);
    size_ += left_.size();
    ends_ = left_.size() < buffer_.size() || size_ > promised;
  }

  // Of the file, or of a reading of it.
  void End() {
    HashLeft();
    struct stat after;
    if (fstat(file_.fd.get(), &after) != 0) Fail();
    IndexEntry* entry = target_.entry;
    entry->sha256 = hasher_.Finish();
    uint64_t quick = quick_hasher_.Finish();
    entry->size = size_;
    // Another file may have taken the place of the one that the walk saw.
    entry->mode = after.st_mode & kPermissions;
    *target_.stat = FileStatOf(after);
    bool same = SameMoment(file_.info, after) && static_cast<uint64_t>(after.st_size) == size_;
    file_.fd.reset(-1);
    if (same) {
      quick_hashes_.Add(entry->sha256, quick);
      target_ = {};
      return;
    }
    if (later_ != nullptr) return PutOff();
    if (++readings_ == kReadings) FailMoving();
    Begin();
  }

  void PutOff() {
    file_.fd.reset(-1);
    later_->push_back(target_);
    target_ = {};
  }

  [[noreturn]] void FailMoving() const {
    throw Error(ErrorKind::kChanged,
                context_.Describe(target_.entry->path) + " keeps changing while it is read");
  }

  [[noreturn]] void Fail() const {
    throw Error(ErrorKind::kIo, "cannot read " + context_.Describe(target_.entry->path) + ": " +
                                    std::strerror(errno));
  }

  const Context& context_;
  FileOpener* opener_;
  std::vector<Target>* later_;
  std::vector<char> buffer_;
  Target target_;
  OpenedFile file_;
  int readings_ = 0;
  uint64_t size_ = 0;      // that were read
  bool ends_ = false;      // all of the file is
  std::string_view left_;  // of what was read, not hashed yet
  Hasher hasher_;
  QuickHasher quick_hasher_;
  QuickHashes quick_hashes_;
};

// Reads all that `take` gives, and meanwhile what `take_beside` gives; adds to `later` what is not
// still.
template <typename Take, typename TakeBeside>
QuickHashes HashStill(const Context& context, const Take& take, const TakeBeside& take_beside,
                      std::vector<Target>* later) {
  FileOpener opener(context);
  Lane a(context, &opener, later);
  Lane b(context, &opener, later);
  while (true) {
    bool has_a = a.Fill(take);
    bool has_b = b.Fill(take_beside);
    if (has_a && has_b) {
      Lane::HashBoth(&a, &b);
    } else if (has_a || has_b) {
      (has_a ? a : b).HashLeft();
    } else {
      break;
    }
  }
  QuickHashes quick_hashes = a.quick_hashes();
  quick_hashes.Add(b.quick_hashes());
  return quick_hashes;
}

// Reads all that `take` gives, one by one.
template <typename Take>
QuickHashes HashMoving(const Context& context, const Take& take) {
  FileOpener opener(context);
  Lane alone(context, &opener, nullptr);
  while (alone.Fill(take)) alone.HashLeft();
  return alone.quick_hashes();
}

// Several threads that share some numbered files.
class Crew {
 public:
  explicit Crew(size_t threads) : threads_(threads) {}

  // `work` runs in each thread, and gives what it has read; it takes the files by Next().
  template <typename Work>
  void Do(size_t files, const Work& work) {
    if (files == 0) return;
    files_ = files;
    next_ = 0;
    auto guarded = [&] {
      try {
        QuickHashes read = work();
        std::lock_guard lock(mutex_);
        quick_hashes_.Add(read);
      } catch (...) {
        std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        next_ = files_;
      }
    };
    std::vector<std::jthread> pool;
    for (size_t i = 1; i < std::min(threads_, files); ++i) pool.emplace_back(guarded);
    guarded();
    pool.clear();
    if (failure_) std::rethrow_exception(failure_);
  }

  // The number of the next file; none: all are taken.
  std::optional<size_t> Next() {
    size_t i = next_++;
    return i < files_ ? std::optional(i) : std::nullopt;
  }
  // Are there more than a few for each thread? A few, perhaps large, are better shared.
  bool HasMany() const { return next_ + 2 * threads_ < files_; }

  std::mutex& mutex() { return mutex_; }
  QuickHashes& quick_hashes() { return quick_hashes_; }

 private:
  size_t threads_;
  size_t files_ = 0;
  std::atomic<size_t> next_{0};
  std::mutex mutex_;  // guards what follows while threads run
  std::exception_ptr failure_;
  QuickHashes quick_hashes_;
};

}  // namespace

QuickHashes HashFiles(const Context& context, size_t threads, std::span<const size_t> which,
                      Walked* walked) {
  std::vector<IndexEntry>& entries = walked->listing.mutable_entries();
  std::vector<Target> later;
  Crew crew(threads);
  crew.Do(which.size(), [&] {
    auto take = [&] {
      std::optional<size_t> i = crew.Next();
      return i ? Target{&entries[which[*i]], &walked->stats[which[*i]]} : Target{};
    };
    auto take_beside = [&] {
      return Hasher::IsFasterForBoth() && crew.HasMany() ? take() : Target{};
    };
    std::vector<Target> moving;
    QuickHashes read = HashStill(context, take, take_beside, &moving);
    std::lock_guard lock(crew.mutex());
    later.insert(later.end(), moving.begin(), moving.end());
    return read;
  });
  crew.Do(later.size(), [&] {
    return HashMoving(context, [&] {
      std::optional<size_t> i = crew.Next();
      return i ? later[*i] : Target{};
    });
  });
  crew.quick_hashes().Sort();
  return std::move(crew.quick_hashes());
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
