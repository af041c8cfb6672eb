#include "extractor/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "extractor/dir_open.h"
#include "extractor/hash_file.h"
#include "extractor/last_name.h"
#include "extractor/tree_walk.h"
#include "extractor/workers.h"

namespace kontext::extractor {
namespace {

std::string_view TypeName(mode_t mode) {
  if (S_ISREG(mode)) return "a file";
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISLNK(mode)) return "a symlink";
  return "a special file";
}

mode_t TypeOf(const IndexEntry& entry) {
  if (entry.type == EntryType::kDir) return S_IFDIR;
  return entry.type == EntryType::kSymlink ? S_IFLNK : S_IFREG;
}

class Verifier {
 public:
  explicit Verifier(Run* run) : run_(run), walk_(run, Unexpected, this), workers_(DoFile, run) {}

  bool Start(int target_fd, unsigned jobs);
  bool Finish();
  static bool Visit(void* self, const IndexEntry& entry) {
    return static_cast<Verifier*>(self)->Compare(entry);
  }

 private:
  static bool Unexpected(void* self, WalkedDir* dir, const char* name);
  static void DoFile(void* run, FileJob* job, char* buffer);
  static void CompareFile(Run* run, const FileJob& job, char* buffer);

  bool Compare(const IndexEntry& entry);
  // Has the target's directory something of this name, type and mode? Else a difference.
  bool CompareStat(const IndexEntry& entry, int dir_fd, const char* name, struct stat* st);
  bool EnterDir(const IndexEntry& entry, int dir_fd, const char* name);
  void CompareLink(const IndexEntry& entry, int dir_fd, const char* name);
  bool CompareFileLater(const IndexEntry& entry, int dir_fd, const char* name, uint64_t size);

  Run* run_;
  TreeWalk walk_;
  Workers workers_;
};

template <typename Fill>
void DiffersAs(Run* run, std::string_view path, Fill fill) {
  run->differences.Add(1);
  run->report().Say([&](Line& line) {
    line.Name(path).Text(": ");
    fill(line);
  });
}

void Differs(Run* run, std::string_view path, std::string_view what, int error = 0) {
  run->differences.Add(1);
  run->report().Error(path, what, error);
}

bool Verifier::Start(int target_fd, unsigned jobs) {
  if (walk_.Enter("", target_fd) == nullptr) return false;
  return workers_.Start(jobs) || run_->Fail("threads", "cannot be started", errno);
}

bool Verifier::Finish() {
  bool finished = walk_.Finish();
  workers_.Finish();
  return finished && !run_->Stopping();
}

bool Verifier::Unexpected(void* self, WalkedDir* dir, const char* name) {
  Run* run = static_cast<Verifier*>(self)->run_;
  run->differences.Add(1);
  run->report().Say([&](Line& line) {
    if (!dir->path.empty()) line.Name(dir->path).Text("/");
    line.Name(name).Text(": unexpected");
  });
  return true;
}

bool Verifier::Compare(const IndexEntry& entry) {
  bool present = false;
  WalkedDir* dir = walk_.Meet(entry, &present);
  if (dir == nullptr) return false;
  LastName last(entry.path);
  const char* name = last.c_str();
  struct stat st;
  int fd = present ? dir->fd : -1;
  bool comparable = CompareStat(entry, fd, name, &st);
  if (entry.type == EntryType::kDir) return EnterDir(entry, comparable ? fd : -1, name);
  if (!comparable) return true;
  if (entry.type == EntryType::kFile) {
    return CompareFileLater(entry, fd, name, static_cast<uint64_t>(st.st_size));
  }
  CompareLink(entry, fd, name);
  return true;
}

bool Verifier::CompareStat(const IndexEntry& entry, int dir_fd, const char* name, struct stat* st) {
  if (dir_fd < 0 || fstatat(dir_fd, name, st, AT_SYMLINK_NOFOLLOW) != 0) {
    Differs(run_, entry.path, "missing");
    return false;
  }
  if ((st->st_mode & S_IFMT) != TypeOf(entry)) {
    DiffersAs(run_, entry.path, [&](Line& line) {
      line.Text("is ").Text(TypeName(st->st_mode));
      line.Text(", should be ").Text(TypeName(TypeOf(entry)));
    });
    return false;
  }
  uint32_t mode = st->st_mode & 07777;
  if (entry.type != EntryType::kSymlink && mode != entry.mode) {
    DiffersAs(run_, entry.path, [&](Line& line) {
      line.Text("mode is ").Mode(mode).Text(", should be ").Mode(entry.mode);
    });
  }
  return true;
}

bool Verifier::EnterDir(const IndexEntry& entry, int dir_fd, const char* name) {
  int fd = -1;
  if (dir_fd >= 0) {
    fd = OpenDirAt(dir_fd, name);
    if (fd < 0) Differs(run_, entry.path, "cannot be read", errno);
  }
  return walk_.Enter(entry.path, fd) != nullptr;
}

void Verifier::CompareLink(const IndexEntry& entry, int dir_fd, const char* name) {
  char found[kMaxTarget + 1];
  ssize_t size = readlinkat(dir_fd, name, found, sizeof found);
  if (size < 0) return Differs(run_, entry.path, "cannot be read", errno);
  std::string_view target(found, static_cast<size_t>(size));
  if (target == entry.target) return;
  DiffersAs(run_, entry.path, [&](Line& line) {
    line.Text("points to ").Name(target).Text(", should point to ").Name(entry.target);
  });
}

bool Verifier::CompareFileLater(const IndexEntry& entry, int dir_fd, const char* name,
                                uint64_t size) {
  if (size != entry.size) {
    DiffersAs(run_, entry.path, [&](Line& line) {
      line.Text("has ").Count(size, "byte", "bytes").Text(", should have ").Number(entry.size);
    });
    return true;
  }
  UniqueFd fd(openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) {
    Differs(run_, entry.path, "cannot be read", errno);
    return true;
  }
  FileJob* job = FileJob::New(entry);
  if (job == nullptr) return run_->Fail(entry.path, "out of memory");
  job->fd = fd.release();
  workers_.Push(job);
  return true;
}

void Verifier::DoFile(void* run, FileJob* job, char* buffer) {
  CompareFile(static_cast<Run*>(run), *job, buffer);
  FileJob::Delete(job);
}

void Verifier::CompareFile(Run* run, const FileJob& job, char* buffer) {
  if (buffer == nullptr) {
    run->Fail(job.path, "out of memory");
    return;
  }
  switch (CompareContent(*run, job.fd, job.size, job.sha256, buffer)) {
    case Content::kDifferent:
      return Differs(run, job.path, "content is not what the manifest says");
    case Content::kUnreadable:
      return Differs(run, job.path, "cannot be read", errno);
    case Content::kSame:
    case Content::kStopped:
      return;
  }
}

}  // namespace

bool Verify(Run* run, Image* image, int target_fd, unsigned jobs) {
  Verifier verifier(run);
  return verifier.Start(target_fd, jobs) && image->ForEach(Verifier::Visit, &verifier) &&
         verifier.Finish();
}

}  // namespace kontext::extractor
