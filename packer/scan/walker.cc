#include "packer/scan/walker.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "common/mount_root.h"
#include "common/path.h"
#include "packer/error.h"
#include "packer/local_fs.h"
#include "packer/scan/dir_names.h"
#include "packer/scan/open_below.h"
#include "packer/scan/same_paths.h"
#include "packer/scan/walk_tree.h"

namespace kontext {
namespace {

constexpr int kDirFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// So many directories stay open for what is below them. One that finds no room is let go, and what
// is below it is opened by its whole path.
constexpr int kHeldDirs = 32;

// An open directory; `held` counts them.
class HeldDir {
 public:
  HeldDir(UniqueFd fd, std::atomic<int>* held) : fd_(std::move(fd)), held_(*held) { ++held_; }
  ~HeldDir() { --held_; }
  HeldDir(const HeldDir&) = delete;
  HeldDir& operator=(const HeldDir&) = delete;
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::atomic<int>& held_;
};

struct Task {
  FoundDir* dir = nullptr;
  // Shared: the directories to enter below it need it, in whichever thread; null: open by path.
  std::shared_ptr<HeldDir> parent;
};

// The directories that are still to be read, the last one found first: so few are open at a time.
class TaskStack {
 public:
  void Push(std::vector<Task>* tasks) {
    if (tasks->empty()) return;
    std::lock_guard lock(mutex_);
    // Backwards: the first one is to be read next.
    for (size_t i = tasks->size(); i-- > 0;) tasks_.push_back(std::move((*tasks)[i]));
    tasks->clear();
    if (waiting_ > 0) changed_.notify_all();
  }

  // Waits for a task; false when there will be none. Every Pop needs a Done.
  bool Pop(Task* task) {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.wait(lock, [this] { return stopped_ || !tasks_.empty() || running_ == 0; });
    --waiting_;
    if (stopped_ || tasks_.empty()) return false;
    *task = std::move(tasks_.back());
    tasks_.pop_back();
    ++running_;
    return true;
  }

  void Done() {
    std::lock_guard lock(mutex_);
    if (--running_ == 0) changed_.notify_all();
  }

  void Stop() {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Task> tasks_;
  size_t running_ = 0;
  size_t waiting_ = 0;
  bool stopped_ = false;
};

// What the threads share.
struct Walk {
  const Context& context;
  int root;
  const WalkOptions& options;
  const RecordedTree& recorded;
  dev_t device = 0;
  // Directories on `device` whose times are as they were have the recorded names.
  bool knows_names = false;
  std::atomic<bool> differs = false;  // from what is recorded
  TaskStack tasks = {};
  std::atomic<int> held = 0;
  std::mutex filter_mutex = {};
};

class Worker {
 public:
  Worker(Walk* walk, FoundPart* part) : walk_(*walk), part_(*part) {}

  void Run() {
    Task task;
    while (walk_.tasks.Pop(&task)) {
      Enter(std::move(task));
      task = {};
      walk_.tasks.Push(&found_);
      walk_.tasks.Done();
    }
  }

 private:
  [[noreturn]] void Fail(const char* what, std::string_view path) const {
    std::string problem = std::strerror(errno);
    throw Error(ErrorKind::kIo,
                std::string(what) + " " + walk_.context.Describe(path) + ": " + problem);
  }

  // Also for what is no directory any more when it is opened.
  [[noreturn]] void FailDir(std::string_view path) const {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
      throw Error(ErrorKind::kChanged,
                  walk_.context.Describe(path) + " went away while it was read");
    }
    Fail("cannot read directory", path);
  }

  UniqueFd Open(const Task& task) const {
    std::string_view path = task.dir->path;
    if (path.empty()) return UniqueFd(openat(walk_.root, ".", kDirFlags));
    if (!task.parent) return OpenBelow(walk_.root, path, kDirFlags);
    // The arena's text goes on behind the path.
    char name[kMaxName + 1];
    std::string_view last = NameOf(path);
    name[last.copy(name, kMaxName)] = '\0';
    return UniqueFd(openat(task.parent->fd(), name, kDirFlags));
  }

  void Enter(Task task) {
    UniqueFd fd = Open(task);
    if (!fd.valid()) FailDir(task.dir->path);
    task.parent.reset();
    struct stat info;
    if (fstat(fd.get(), &info) != 0) FailDir(task.dir->path);
    FileStat stat = FileStatOf(info);
    bool known = RecallNames(*task.dir, info.st_dev, stat);
    if (!known && !names_.Read(fd.get())) FailDir(task.dir->path);
    Visit(fd.get(), task.dir, known ? nullptr : &walk_.options.filter);
    if (walk_.options.filter_name && plain_) task.dir->stat = stat;
    if (found_.empty() || walk_.held >= kHeldDirs) return;
    auto held = std::make_shared<HeldDir>(std::move(fd), &walk_.held);
    for (Task& below : found_) below.parent = held;
  }

  // False: they have to be read.
  bool RecallNames(const FoundDir& dir, dev_t device, const FileStat& stat) {
    // The top has no entry.
    if (!walk_.knows_names || device != walk_.device || dir.recorded.begin == 0) return false;
    const RecordedTree& recorded = walk_.recorded;
    if (!recorded.entry(dir.recorded.begin - 1).HasSameNames(stat)) return false;
    names_.Clear();
    for (size_t at = dir.recorded.begin; at < dir.recorded.end;) {
      RecordedEntry entry = recorded.entry(at);
      names_.Append(NameOf(recorded.PathOf(entry)));
      at += 1 + entry.below;
    }
    return true;
  }

  // `filter`: null when the names are those that it kept.
  void Visit(int fd, FoundDir* dir, const Filter* filter) {
    items_.clear();
    items_.reserve(names_.size());
    for (size_t i = 0; i < names_.size(); ++i) {
      struct stat info;
      if (fstatat(fd, names_.name(i), &info, AT_SYMLINK_NOFOLLOW) == 0) {
        Found(fd, *dir, {names_.name(i), names_.length(i)}, info);
      } else if (errno != ENOENT) {  // else removed since the directory was read
        Fail("cannot read", part_.text.KeepPath(dir->path, {names_.name(i), names_.length(i)}));
      }
    }
    if (filter != nullptr && *filter) ApplyFilter(*filter, dir->path);
    plain_ = std::all_of(items_.begin(), items_.end(),
                         [](const FoundItem& item) { return item.IsEntry(); });
    if (MatchRecorded(*dir)) {
      dir->as_recorded = true;
      EnterRecorded(dir);
    } else {
      walk_.differs.store(true, std::memory_order_relaxed);
      KeepItems(dir);
    }
  }

  void Found(int fd, const FoundDir& dir, std::string_view name, const struct stat& info) {
    size_t length = dir.path.empty() ? name.size() : dir.path.size() + 1 + name.size();
    if (length > kMaxPath) {
      std::string_view path = part_.text.KeepPath(dir.path, name);
      throw Error(ErrorKind::kIo, walk_.context.Describe(path) + ": its path has " +
                                      std::to_string(length) + " bytes, more than " +
                                      std::to_string(kMaxPath));
    }
    FoundItem& item = items_.emplace_back();
    item.name = name;
    item.mode = info.st_mode;
    item.size = static_cast<uint64_t>(info.st_size);
    item.stat = FileStatOf(info);
    if (S_ISLNK(info.st_mode)) item.target = ReadLink(fd, dir.path, name.data());
    item.enter = S_ISDIR(info.st_mode) &&
                 !(walk_.options.one_file_system && IsMounted(fd, name.data(), info.st_dev));
  }

  bool IsMounted(int dir_fd, const char* name, dev_t device) const {
    return device != walk_.device || IsMountRoot(dir_fd, name);
  }

  // Finds what is recorded of the items' names. True: the directory is just what is recorded.
  bool MatchRecorded(const FoundDir& dir) {
    const RecordedTree& recorded = walk_.recorded;
    auto [at, end] = dir.recorded;
    bool same = recorded.valid();
    for (FoundItem& item : items_) {
      for (; at < end; same = false) {
        RecordedEntry entry = recorded.entry(at);
        std::string_view name = NameOf(recorded.PathOf(entry));
        if (name > item.name) break;
        if (name == item.name) {
          item.recorded = at;
          same = same && IsAsRecorded(item, entry);
        }
        at += 1 + entry.below;
        if (name == item.name) break;
      }
      same = same && item.recorded != kNotRecorded;
    }
    return same && at == end;
  }

  bool IsAsRecorded(const FoundItem& item, const RecordedEntry& entry) const {
    if (S_ISREG(item.mode)) {
      return entry.IsUnchanged(item.size, item.stat) && entry.mode == (item.mode & kPermissions);
    }
    if (S_ISDIR(item.mode)) {
      return entry.Is(EntryType::kDir) && entry.mode == (item.mode & kPermissions) && item.enter &&
             item.wanted;
    }
    return S_ISLNK(item.mode) && entry.Is(EntryType::kSymlink) &&
           walk_.recorded.TargetOf(entry) == item.target;
  }

  FoundDir* NewDir(std::string_view path, size_t recorded) {
    FoundDir* dir = &part_.dirs.emplace_back();
    dir->path = path;
    if (recorded != kNotRecorded) {
      dir->recorded = {recorded + 1, recorded + 1 + walk_.recorded.entry(recorded).below};
    }
    found_.push_back({dir, nullptr});
    return dir;
  }

  void EnterRecorded(FoundDir* dir) {
    FoundDir** link = &dir->first;
    for (const FoundItem& item : items_) {
      if (!item.enter) continue;
      RecordedEntry entry = walk_.recorded.entry(item.recorded);
      *link = NewDir(walk_.recorded.PathOf(entry), item.recorded);
      link = &(*link)->next;
    }
  }

  void KeepItems(FoundDir* dir) {
    dir->items = part_.items.Take(items_.size());
    std::copy(items_.begin(), items_.end(), dir->items.begin());
    for (FoundItem& item : dir->items) {
      item.path = part_.text.KeepPath(dir->path, item.name);
      item.name = {};
      if (item.enter) item.below = NewDir(item.path, item.recorded);
    }
  }

  std::string_view ReadLink(int fd, std::string_view dir, const char* name) {
    char target[kMaxTarget + 1];
    ssize_t n = readlinkat(fd, name, target, sizeof(target));
    if (n < 0 && (errno == ENOENT || errno == EINVAL)) {
      throw Error(ErrorKind::kChanged, walk_.context.Describe(part_.text.KeepPath(dir, name)) +
                                           " went away while it was read");
    }
    if (n < 0) Fail("cannot read link", part_.text.KeepPath(dir, name));
    return part_.text.Keep({target, static_cast<size_t>(n)});
  }

  void ApplyFilter(const Filter& filter, std::string_view dir) {
    std::lock_guard lock(walk_.filter_mutex);
    std::erase_if(items_, [&](FoundItem& item) {
      bool is_dir = S_ISDIR(item.mode);
      path_.assign(dir).append(dir.empty() ? "" : "/").append(item.name);
      Verdict verdict = filter(path_, is_dir);
      item.wanted = verdict == Verdict::kKeep;
      return verdict == Verdict::kLeaveOutWithAllBelow || (!item.wanted && !is_dir);
    });
  }

  Walk& walk_;
  FoundPart& part_;
  DirNames names_;
  std::vector<FoundItem> items_;  // of the directory that is being read
  bool plain_ = false;            // its items are all entries, in their own right
  std::string path_;              // that a filter is asked for
  std::vector<Task> found_;
};

}  // namespace

Walked WalkTree(const Context& context, int root, const WalkOptions& options,
                const RecordedTree& recorded) {
  Walk walk{context, root, options, recorded};
  struct stat info;
  if (fstat(root, &info) != 0) {
    throw Error(ErrorKind::kIo,
                "cannot read " + context.Describe("") + ": " + std::string(std::strerror(errno)));
  }
  walk.device = info.st_dev;
  walk.knows_names = recorded.valid() && options.filter_name &&
                     recorded.filter_name() == *options.filter_name && IsOnLocalFs(root);
  std::vector<FoundPart> parts(std::max<size_t>(options.threads, 1));
  FoundDir* top = &parts[0].dirs.emplace_back();
  top->recorded = {0, recorded.size()};
  std::vector<Task> first = {{top, nullptr}};
  walk.tasks.Push(&first);
  std::exception_ptr failure;
  std::mutex failure_mutex;
  auto work = [&](FoundPart* part) {
    try {
      Worker(&walk, part).Run();
    } catch (...) {
      std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      walk.tasks.Stop();
    }
  };
  std::vector<std::jthread> pool;
  for (size_t i = 1; i < parts.size(); ++i) pool.emplace_back(work, &parts[i]);
  work(&parts[0]);
  pool.clear();
  if (failure) std::rethrow_exception(failure);
  if (recorded.valid() && !walk.differs) {
    Walked as_recorded;
    as_recorded.as_recorded = true;
    return as_recorded;
  }
  if (std::optional<Walked> touched = TakeTouched(recorded, *top, &parts)) {
    return std::move(*touched);
  }
  return Splice(context, recorded, *top, &parts, options.warn);
}

}  // namespace kontext
