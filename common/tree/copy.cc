#include "common/tree/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "common/fd.h"
#include "common/sha256.h"
#include "common/tree/dir_open.h"
#include "common/tree/hash_file.h"
#include "common/tree/leftover.h"
#include "common/tree/replace.h"
#include "common/tree/workers.h"

namespace kontext::tree {
namespace {

// Other runs may be at work in the target, and clear away what they take for leftovers.
constexpr int kTries = 3;

// Is the right content there already? Then `*existing` is it.
bool IsInPlace(const Run& run, const FileJob& job, char* buffer, UniqueFd* existing,
               struct stat* st) {
  // Looked at before it is opened: opening a device can do things.
  int dir = job.dir->fd();
  if (fstatat(dir, job.name, st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st->st_mode)) return false;
  if (static_cast<uint64_t>(st->st_size) != job.size) return false;
  existing->reset(ForceOpenFileAt(dir, job.name, st));
  if (!existing->valid() || !S_ISREG(st->st_mode)) return false;
  if (static_cast<uint64_t>(st->st_size) != job.size) return false;
  if (job.in_place) return true;
  return CompareContent(run, existing->get(), job.size, job.sha256, buffer) == Content::kSame;
}

// Gives a file in place its mode and owner. False: it is better written anew.
bool Adjust(const Run& run, const FileJob& job, int fd, const struct stat& st) {
  const Owner& owner = run.owner();
  bool chmods = (st.st_mode & 07777) != job.mode;
  bool chowns = owner.set && (st.st_uid != owner.uid || st.st_gid != owner.gid);
  // Another hard link to it may be outside the target.
  if ((chmods || chowns) && st.st_nlink > 1) return false;
  if (chmods && fchmod(fd, job.mode) != 0) return false;
  return !chowns || fchown(fd, owner.uid, owner.gid) == 0;
}

// Copies all of `from` to `to` and checks it.
bool CopyContent(Run* run, const FileJob& job, int from, int to, char* buffer) {
  Sha256 sha;
  uint64_t left = job.size;
  for (;;) {
    if (run->Stopping()) return false;
    ssize_t got = ReadRest(from, buffer, kBufferSize, left);
    if (got < 0) return run->Fail(job.path, "content cannot be read", errno);
    size_t size = static_cast<size_t>(got);
    if (size > left) return run->Fail(job.path, "content is longer than the manifest says");
    sha.Update(buffer, size);
    if (!WriteAll(to, buffer, size)) return run->Fail(job.path, "cannot be written", errno);
    left -= size;
    if (size < kBufferSize) break;
  }
  if (left > 0) return run->Fail(job.path, "content is cut short");
  if (sha.Finish() == job.sha256) return true;
  return run->Fail(job.path, "content is not what the manifest says");
}

// Gives the new file its mode and owner; its name is still the temporary one.
bool FinishFile(Run* run, const FileJob& job, int to) {
  if (fchmod(to, job.mode) != 0) return run->Fail(job.path, "mode cannot be set", errno);
  const Owner& owner = run->owner();
  if (!owner.set || fchown(to, owner.uid, owner.gid) == 0) return true;
  return run->Fail(job.path, "owner cannot be set", errno);
}

constexpr int kCreateFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

// A new file under a temporary name of its own. Held if it will take a while to write it; else who
// takes it for a leftover only makes us write it again.
UniqueFd CreateTemp(int dir_fd, TempNames* temps, const FileJob& job, char temp[TempNames::kSize]) {
  for (int i = 0;; ++i) {
    temps->Next(temp);
    UniqueFd fd(openat(dir_fd, temp, kCreateFlags, 0600));
    if (!fd.valid() || job.size <= kBufferSize || i == kTries || HoldTemp(fd.get())) return fd;
    unlinkat(dir_fd, temp, 0);
  }
}

// A new file under its own name, `*name`, where there was nothing to be kept; else under a
// temporary one. Under its own nobody may read it before it is whole and has its mode.
UniqueFd Create(TempNames* temps, const FileJob& job, char temp[TempNames::kSize],
                const char** name) {
  constexpr mode_t kUnreadable = 0200;
  int dir = job.dir->fd();
  if (job.dir->fresh()) {
    *name = job.name;
    UniqueFd fd(openat(dir, job.name, kCreateFlags, kUnreadable));
    // Another run may be at work in the target, or the names may be one to its file system.
    if (fd.valid() || errno != EEXIST) return fd;
  }
  *name = temp;
  return CreateTemp(dir, temps, job, temp);
}

// Removes the file that is open as `fd`, unless the name is another's by now.
void RemoveOwn(int dir_fd, const char* name, int fd) {
  struct stat own;
  struct stat named;
  bool is_own = fstat(fd, &own) == 0 && fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                own.st_dev == named.st_dev && own.st_ino == named.st_ino;
  if (is_own) unlinkat(dir_fd, name, 0);
}

UniqueFd OpenContent(Run* run, const FileJob& job) {
  const ContentSource& source = run->content();
  UniqueFd from(source.open(source.context, job));
  if (from.valid()) return from;
  bool missing = errno == ENOENT;
  run->Fail(job.path, missing ? "content is missing from the image" : "content cannot be opened",
            missing ? 0 : errno);
  return from;
}

// Copies `from` to a new file; `*name` is then its own name, or `temp`.
bool CopyToNew(Run* run, TempNames* temps, const FileJob& job, int from,
               char temp[TempNames::kSize], const char** name, char* buffer) {
  int dir = job.dir->fd();
  UniqueFd to = Create(temps, job, temp, name);
  if (!to.valid()) return run->Fail(job.path, "cannot be created", errno);
  if (!CopyContent(run, job, from, to.get(), buffer) || !FinishFile(run, job, to.get())) {
    RemoveOwn(dir, *name, to.get());
    return false;
  }
  // Network file systems may say only now that there is no room.
  if (close(to.release()) == 0) {
    run->write_back.Offer(dir, *name, job.size);
    return true;
  }
  int error = errno;
  unlinkat(dir, *name, 0);
  return run->Fail(job.path, "cannot be written", error);
}

// Gives what is under the name `temp` its own name. False: errno is set, unless the run is
// stopping.
bool Place(const Run& run, const FileJob& job, const char* temp) {
  int dir = job.dir->fd();
  if (RenameOver(run, dir, temp, job.name)) return true;
  int error = errno;
  unlinkat(dir, temp, 0);
  errno = error;
  return false;
}

// The source's own file, open as `from`, becomes the new one: nothing is copied. False: it cannot.
bool MoveToNew(Run* run, TempNames* temps, const FileJob& job, int from,
               char temp[TempNames::kSize], const char** name) {
  const ContentSource& source = run->content();
  if (source.is_movable == nullptr || !source.is_movable(source.context, job)) return false;
  bool fresh = job.dir->fresh();
  // Held before it is where somebody could take it for a leftover.
  if (!fresh && !HoldTemp(from)) return false;
  if (!FinishFile(run, job, from)) return false;
  if (!fresh) temps->Next(temp);
  *name = fresh ? job.name : temp;
  return source.move(source.context, job, job.dir->fd(), *name);
}

// `from`: what is in place, if its content is right.
bool WriteFile(Run* run, TempNames* temps, const FileJob& job, UniqueFd from, char* buffer) {
  char temp[TempNames::kSize];
  const char* name = nullptr;
  bool moved = false;
  if (!from.valid()) {
    from = OpenContent(run, job);
    if (!from.valid()) return false;
    moved = MoveToNew(run, temps, job, from.get(), temp, &name);
  }
  for (int i = 0;; ++i) {
    if (run->Stopping()) return false;
    if (!moved && !CopyToNew(run, temps, job, from.get(), temp, &name, buffer)) return false;
    moved = false;
    if (name == job.name || Place(*run, job, temp)) return true;
    int error = errno;
    if (run->Stopping()) return false;
    // Gone: another run took it for a leftover.
    bool again = error == ENOENT && i < kTries && lseek(from.get(), 0, SEEK_SET) == 0;
    if (!again) return run->Fail(job.path, "cannot be replaced", error);
  }
}

}  // namespace

bool PutFile(Run* run, TempNames* temps, const FileJob& job, char* buffer) {
  if (run->Stopping()) return false;
  if (buffer == nullptr) return run->Fail(job.path, "out of memory");
  UniqueFd existing;
  if (!job.dir->fresh()) {
    struct stat st;
    errno = 0;
    if (!IsInPlace(*run, job, buffer, &existing, &st)) {
      // Our own want of descriptors says nothing of the file.
      if (errno == EMFILE) return run->Fail(job.path, "cannot be read", errno);
      existing.reset(-1);
    } else if (Adjust(*run, job, existing.get(), st)) {
      return true;
    } else if (lseek(existing.get(), 0, SEEK_SET) != 0) {
      return run->Fail(job.path, "cannot be read", errno);
    }
  }
  if (run->Stopping() || !WriteFile(run, temps, job, std::move(existing), buffer)) return false;
  run->written.Add(1);
  return true;
}

}  // namespace kontext::tree
