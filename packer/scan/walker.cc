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
#include <thread>
#include <vector>

#include "common/path.h"
#include "packer/error.h"
#include "packer/scan/dir_names.h"
#include "packer/scan/open_below.h"
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
  dev_t device = 0;
  TaskStack tasks;
  std::atomic<int> held{0};
  std::mutex filter_mutex;
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
    if (!names_.Read(fd.get())) FailDir(task.dir->path);
    Visit(fd.get(), task.dir);
    for (FoundItem& item : task.dir->items) {
      if (item.below != nullptr) found_.push_back({item.below, nullptr});
    }
    if (found_.empty() || walk_.held >= kHeldDirs) return;
    auto held = std::make_shared<HeldDir>(std::move(fd), &walk_.held);
    for (Task& below : found_) below.parent = held;
  }

  void Visit(int fd, FoundDir* dir) {
    dir->items = part_.items.Take(names_.size());
    size_t found = 0;
    for (size_t i = 0; i < names_.size(); ++i) {
      struct stat info;
      if (fstatat(fd, names_.name(i), &info, AT_SYMLINK_NOFOLLOW) == 0) {
        Found(fd, *dir, i, info, &dir->items[found++]);
      } else if (errno != ENOENT) {  // else removed since the directory was read
        Fail("cannot read", part_.text.KeepPath(dir->path, {names_.name(i), names_.length(i)}));
      }
    }
    dir->items = dir->items.first(found);
    if (walk_.options.filter) ApplyFilter(dir);
    for (FoundItem& item : dir->items) {
      if (!item.enter) continue;
      item.below = &part_.dirs.emplace_back();
      item.below->path = item.path;
    }
  }

  void Found(int fd, const FoundDir& dir, size_t i, const struct stat& info, FoundItem* item) {
    std::string_view name(names_.name(i), names_.length(i));
    item->path = part_.text.KeepPath(dir.path, name);
    if (item->path.size() > kMaxPath) {
      throw Error(ErrorKind::kIo, walk_.context.Describe(item->path) + ": its path has " +
                                      std::to_string(item->path.size()) + " bytes, more than " +
                                      std::to_string(kMaxPath));
    }
    item->mode = info.st_mode;
    item->size = static_cast<uint64_t>(info.st_size);
    item->stat = FileStatOf(info);
    if (S_ISLNK(info.st_mode)) item->target = ReadLink(fd, name.data(), item->path);
    item->enter =
        S_ISDIR(info.st_mode) && !(walk_.options.one_file_system && info.st_dev != walk_.device);
  }

  std::string_view ReadLink(int fd, const char* name, std::string_view path) {
    char target[kMaxTarget + 1];
    ssize_t n = readlinkat(fd, name, target, sizeof(target));
    if (n < 0 && (errno == ENOENT || errno == EINVAL)) {
      throw Error(ErrorKind::kChanged,
                  walk_.context.Describe(path) + " went away while it was read");
    }
    if (n < 0) Fail("cannot read link", path);
    return part_.text.Keep({target, static_cast<size_t>(n)});
  }

  void ApplyFilter(FoundDir* dir) {
    std::lock_guard lock(walk_.filter_mutex);
    auto left_out = [this](FoundItem& item) {
      bool is_dir = S_ISDIR(item.mode);
      Verdict verdict = walk_.options.filter(item.path, is_dir);
      item.wanted = verdict == Verdict::kKeep;
      return verdict == Verdict::kLeaveOutWithAllBelow || (!item.wanted && !is_dir);
    };
    auto end = std::remove_if(dir->items.begin(), dir->items.end(), left_out);
    dir->items = dir->items.first(static_cast<size_t>(end - dir->items.begin()));
  }

  Walk& walk_;
  FoundPart& part_;
  DirNames names_;
  std::vector<Task> found_;
};

}  // namespace

Walked WalkTree(const Context& context, int root, const WalkOptions& options) {
  Walk walk{context, root, options, 0, {}, {}, {}};
  struct stat info;
  if (fstat(root, &info) != 0) {
    throw Error(ErrorKind::kIo,
                "cannot read " + context.Describe("") + ": " + std::string(std::strerror(errno)));
  }
  walk.device = info.st_dev;
  std::vector<FoundPart> parts(std::max<size_t>(options.threads, 1));
  FoundDir* top = &parts[0].dirs.emplace_back();
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
  return Splice(context, *top, &parts, options.warn);
}

}  // namespace kontext
