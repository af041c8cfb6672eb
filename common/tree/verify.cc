#include "common/tree/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/tree/dir_open.h"
#include "common/tree/hash_file.h"
#include "common/tree/last_name.h"
#include "common/tree/walk.h"
#include "common/tree/workers.h"

namespace kontext::tree {
namespace {

mode_t TypeOf(const IndexEntry& entry) {
  if (entry.type == EntryType::kDir) return S_IFDIR;
  return entry.type == EntryType::kSymlink ? S_IFLNK : S_IFREG;
}

class Verifier {
 public:
  Verifier(Run* run, const DifferenceSink& sink)
      : run_(run), sink_(sink), walk_(run, Unexpected, this), workers_(DoFile, this) {}

  bool Start(int target_fd, unsigned jobs);
  bool Finish();
  static bool Visit(void* self, const IndexEntry& entry) {
    return static_cast<Verifier*>(self)->Compare(entry);
  }

 private:
  static bool Unexpected(void* self, WalkedDir* dir, const char* name);
  static void DoFile(void* self, FileJob* job, char* buffer);
  void CompareFile(const FileJob& job, char* buffer);
  void Differs(const Difference& difference) { sink_.take(sink_.context, difference); }
  void CannotBeRead(std::string_view path);

  bool Compare(const IndexEntry& entry);
  // Has the target's directory something of this name, type and mode? Else a difference.
  bool CompareStat(const IndexEntry& entry, int dir_fd, const char* name, struct stat* st);
  bool EnterDir(const IndexEntry& entry, int dir_fd, const char* name);
  void CompareLink(const IndexEntry& entry, int dir_fd, const char* name);
  bool CompareFileLater(const IndexEntry& entry, int dir_fd, const char* name, uint64_t size);

  Run* run_;
  DifferenceSink sink_;
  TreeWalk walk_;
  Workers workers_;
};

void Verifier::CannotBeRead(std::string_view path) {
  // Our own want of descriptors says nothing of the tree.
  if (errno == EMFILE || errno == ENFILE) {
    run_->Fail(path, "cannot be read", errno);
    return;
  }
  Differs({.kind = DifferenceKind::kUnreadable, .path = path, .error = errno});
}

bool Verifier::Start(int target_fd, unsigned jobs) {
  if (walk_.Enter("", target_fd) == nullptr) return false;
  return workers_.Start(jobs) || run_->Fail("", "no thread can be started", errno);
}

bool Verifier::Finish() {
  bool finished = walk_.Finish();
  workers_.Finish();
  return finished && !run_->Stopping();
}

bool Verifier::Unexpected(void* self, WalkedDir* dir, const char* name) {
  static_cast<Verifier*>(self)->Differs(
      {.kind = DifferenceKind::kExtra, .dir = dir->path, .path = name});
  return true;
}

bool Verifier::Compare(const IndexEntry& entry) {
  bool present = false;
  WalkedDir* dir = walk_.Meet(entry, &present);
  if (dir == nullptr) return false;
  LastName last(entry.path);
  const char* name = last.c_str();
  struct stat st;
  int fd = present || dir->fd == kUnknown ? dir->fd : kAbsent;
  bool comparable = CompareStat(entry, fd, name, &st);
  if (entry.type == EntryType::kDir) {
    return EnterDir(entry, comparable || fd == kUnknown ? fd : kAbsent, name);
  }
  if (!comparable) return true;
  if (entry.type == EntryType::kFile) {
    return CompareFileLater(entry, fd, name, static_cast<uint64_t>(st.st_size));
  }
  CompareLink(entry, fd, name);
  return true;
}

bool Verifier::CompareStat(const IndexEntry& entry, int dir_fd, const char* name, struct stat* st) {
  if (dir_fd == kUnknown) return false;
  if (dir_fd == kAbsent || fstatat(dir_fd, name, st, AT_SYMLINK_NOFOLLOW) != 0) {
    Differs({.kind = DifferenceKind::kMissing, .path = entry.path});
    return false;
  }
  mode_t type = st->st_mode & S_IFMT;
  if (type != TypeOf(entry)) {
    Differs(
        {.kind = DifferenceKind::kType, .path = entry.path, .is = type, .should = TypeOf(entry)});
    return false;
  }
  // Permissions alone are in an image (FORMAT.md, "Segment index").
  mode_t mode = st->st_mode & 0777;
  if (entry.type != EntryType::kSymlink && mode != entry.mode) {
    Differs({.kind = DifferenceKind::kMode, .path = entry.path, .is = mode, .should = entry.mode});
  }
  return true;
}

bool Verifier::EnterDir(const IndexEntry& entry, int dir_fd, const char* name) {
  int fd = dir_fd;
  if (dir_fd >= 0) {
    fd = OpenDirAt(dir_fd, name);
    if (fd < 0) {
      CannotBeRead(entry.path);
      fd = kUnknown;
    }
    if (run_->Stopping()) return false;
  }
  return walk_.Enter(entry.path, fd) != nullptr;
}

void Verifier::CompareLink(const IndexEntry& entry, int dir_fd, const char* name) {
  char found[kMaxTarget + 1];
  ssize_t size = readlinkat(dir_fd, name, found, sizeof found);
  if (size < 0) return CannotBeRead(entry.path);
  std::string_view target(found, static_cast<size_t>(size));
  if (target == entry.target) return;
  Differs({.kind = DifferenceKind::kTarget,
           .path = entry.path,
           .target_is = target,
           .target_should = entry.target});
}

bool Verifier::CompareFileLater(const IndexEntry& entry, int dir_fd, const char* name,
                                uint64_t size) {
  if (size != entry.size) {
    Differs({.kind = DifferenceKind::kSize, .path = entry.path, .is = size, .should = entry.size});
    return true;
  }
  UniqueFd fd(openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) {
    CannotBeRead(entry.path);
    return true;
  }
  FileJob* job = FileJob::New(entry);
  if (job == nullptr) return run_->Fail(entry.path, "out of memory");
  job->fd = fd.release();
  workers_.Push(job);
  return true;
}

void Verifier::DoFile(void* self, FileJob* job, char* buffer) {
  static_cast<Verifier*>(self)->CompareFile(*job, buffer);
  FileJob::Delete(job);
}

void Verifier::CompareFile(const FileJob& job, char* buffer) {
  if (buffer == nullptr) {
    run_->Fail(job.path, "out of memory");
    return;
  }
  switch (CompareContent(*run_, job.fd, job.size, job.sha256, buffer)) {
    case Content::kDifferent:
      return Differs({.kind = DifferenceKind::kContent, .path = job.path});
    case Content::kUnreadable:
      return CannotBeRead(job.path);
    case Content::kSame:
    case Content::kStopped:
      return;
  }
}

}  // namespace

bool Verify(Run* run, const EntrySource& listing, int target_fd, unsigned jobs,
            const DifferenceSink& sink) {
  Verifier verifier(run, sink);
  return verifier.Start(target_fd, jobs) && listing.ForEach(Verifier::Visit, &verifier) &&
         verifier.Finish();
}

}  // namespace kontext::tree
