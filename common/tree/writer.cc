#include "common/tree/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/path.h"
#include "common/tree/copy.h"
#include "common/tree/dir_open.h"
#include "common/tree/last_name.h"
#include "common/tree/leftover.h"
#include "common/tree/replace.h"

namespace kontext::tree {
namespace {

constexpr int kTries = 3;  // somebody else may be at work in the target

// Opens directory `name`, made if it is not there; what else is there is removed. `*fresh`: made.
int MakeDir(int dir_fd, const char* name, bool* fresh) {
  for (int i = 0; i < kTries; ++i) {
    *fresh = mkdirat(dir_fd, name, 0700) == 0;
    if (!*fresh && errno != EEXIST) return -1;
    mode_t mode = 0;
    int fd = ForceOpenDirAt(dir_fd, name, &mode);
    // That we may not write in it shows when we do.
    if (fd >= 0 && (mode & 0700) != 0700) fchmod(fd, mode | 0700);
    if (fd >= 0 || (errno != ENOTDIR && errno != ELOOP)) return fd;
    if (unlinkat(dir_fd, name, 0) != 0 && errno != ENOENT) return -1;
  }
  return -1;
}

bool IsLinkTo(int dir_fd, const char* name, std::string_view target) {
  char found[kMaxTarget + 1];
  ssize_t size = readlinkat(dir_fd, name, found, sizeof found);
  return size >= 0 && std::string_view(found, static_cast<size_t>(size)) == target;
}

// A symlink's alone: somebody may just have put a file of another place there.
bool ChownLink(int dir_fd, const char* name, const Owner& owner) {
  UniqueFd fd(openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat st;
  if (!fd.valid() || fstat(fd.get(), &st) != 0) return false;
  if (S_ISLNK(st.st_mode)) return fchownat(fd.get(), "", owner.uid, owner.gid, AT_EMPTY_PATH) == 0;
  errno = EEXIST;
  return false;
}

}  // namespace

TreeWriter::~TreeWriter() {
  LeaveAll();
  workers_.Finish();
  run_->write_back.Finish();
}

bool TreeWriter::Start(int target_fd) {
  RemoveLeftovers(*run_, target_fd);
  current_ = DirNode::New(run_, nullptr, "", target_fd, false);
  if (current_ == nullptr) {
    close(target_fd);
    return run_->Fail("", "out of memory");
  }
  if (!workers_.Start(jobs_)) return run_->Fail("", "no thread can be started", errno);
  run_->write_back.Start();
  return true;
}

bool TreeWriter::Visit(void* context, const IndexEntry& entry) {
  return static_cast<TreeWriter*>(context)->Put(entry);
}

bool TreeWriter::Put(const IndexEntry& entry) {
  if (run_->Stopping()) return false;
  // The image was checked; but nothing is written on another function's word.
  if (PathProblem(entry.path) != nullptr || !MoveTo(ParentOf(entry.path))) {
    return run_->Fail(entry.path, "is out of place");
  }
  LastName name(entry.path);
  switch (entry.type) {
    case EntryType::kDir:
      return PutDir(entry, name.c_str());
    case EntryType::kSymlink:
      return PutSymlink(entry, name.c_str());
    default:
      return PutFileLater(entry);
  }
}

bool TreeWriter::MoveTo(std::string_view parent) {
  while (current_->path().size() > parent.size() && current_->parent() != nullptr) MoveUp();
  return current_->path() == parent && !run_->Stopping();
}

void TreeWriter::MoveUp() {
  DirNode* up = current_->parent();
  if (up->parked()) MakeRoom();
  if (!up->Return(current_->fd())) run_->Fail(up->path(), "cannot be gone back to", errno);
  up->Ref();
  current_->Unref();
  current_ = up;
}

void TreeWriter::MakeRoom() {
  if (run_->open_dirs.Load() < kMaxOpenDirs) return;
  workers_.Drain();
  current_->ParkOuter();
}

bool TreeWriter::PutDir(const IndexEntry& entry, const char* name) {
  MakeRoom();
  bool fresh = false;
  UniqueFd fd(MakeDir(current_->fd(), name, &fresh));
  if (!fd.valid()) return run_->Fail(entry.path, "directory cannot be made", errno);
  if (!fresh) RemoveLeftovers(*run_, fd.get());
  DirNode* node = DirNode::New(run_, current_, entry.path, fd.get(), fresh);
  if (node == nullptr) return run_->Fail(entry.path, "out of memory");
  fd.release();
  node->SetFinalMode(entry.mode);
  current_->Unref();
  current_ = node;
  return true;
}

bool TreeWriter::PutSymlink(const IndexEntry& entry, const char* name) {
  int dir = current_->fd();
  if (current_->fresh() || !IsLinkTo(dir, name, entry.target)) {
    if (!WriteSymlink(entry, name)) return false;
    run_->written.Add(1);
  }
  const Owner& owner = run_->owner();
  if (!owner.set || ChownLink(dir, name, owner)) return true;
  return run_->Fail(entry.path, "owner cannot be set", errno);
}

bool TreeWriter::WriteSymlink(const IndexEntry& entry, const char* name) {
  int dir = current_->fd();
  char target[kMaxTarget + 1];
  memcpy(target, entry.target.data(), entry.target.size());
  target[entry.target.size()] = '\0';
  // Where we made the directory, nothing is in the way; or else another run put it there.
  if (current_->fresh() && symlinkat(target, dir, name) == 0) return true;
  for (int i = 0;; ++i) {
    char temp[TempNames::kSize];
    temps_.Next(temp);
    if (symlinkat(target, dir, temp) != 0) {
      return run_->Fail(entry.path, "symlink cannot be made", errno);
    }
    if (RenameOver(*run_, dir, temp, name)) return true;
    int error = errno;
    unlinkat(dir, temp, 0);
    if (run_->Stopping()) return false;
    // Gone: another run took it for a leftover.
    if (error != ENOENT || i == kTries) return run_->Fail(entry.path, "cannot be replaced", error);
  }
}

bool TreeWriter::PutFileLater(const IndexEntry& entry) {
  FileJob* job = FileJob::New(entry);
  if (job == nullptr) return run_->Fail(entry.path, "out of memory");
  job->dir = current_;
  const ContentSource& source = run_->content();
  job->in_place = source.is_in_place != nullptr && source.is_in_place(source.context, entry);
  current_->Ref();
  workers_.Push(job);
  return true;
}

void TreeWriter::DoFile(void* self, FileJob* job, char* buffer) {
  TreeWriter* writer = static_cast<TreeWriter*>(self);
  PutFile(writer->run_, &writer->temps_, *job, buffer);
  job->dir->Unref();
  FileJob::Delete(job);
}

void TreeWriter::LeaveAll() {
  if (current_ == nullptr) return;
  while (current_->parent() != nullptr) MoveUp();
  current_->Unref();
  current_ = nullptr;
}

bool TreeWriter::Finish() {
  LeaveAll();
  workers_.Finish();
  run_->write_back.Finish();
  return !run_->Stopping();
}

}  // namespace kontext::tree
