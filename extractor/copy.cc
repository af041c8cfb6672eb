#include "extractor/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "common/fd.h"
#include "common/sha256.h"
#include "extractor/hash_file.h"
#include "extractor/image.h"
#include "extractor/replace.h"
#include "extractor/workers.h"

namespace kontext::extractor {
namespace {

// Is the right content there already? Then `*existing` is it.
bool IsInPlace(const Run& run, const FileJob& job, char* buffer, UniqueFd* existing,
               struct stat* st) {
  // Looked at before it is opened: opening a device can do things.
  int dir = job.dir->fd();
  if (fstatat(dir, job.name, st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st->st_mode)) return false;
  if (static_cast<uint64_t>(st->st_size) != job.size) return false;
  existing->reset(openat(dir, job.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!existing->valid() || fstat(existing->get(), st) != 0 || !S_ISREG(st->st_mode)) return false;
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
  uint64_t total = 0;
  for (;;) {
    if (run->Stopping()) return false;
    ssize_t got = ReadUpTo(from, buffer, kBufferSize);
    if (got < 0) return run->Fail(job.path, "content cannot be read", errno);
    size_t size = static_cast<size_t>(got);
    total += size;
    if (total > job.size) return run->Fail(job.path, "content is longer than the manifest says");
    sha.Update(buffer, size);
    if (!WriteAll(to, buffer, size)) return run->Fail(job.path, "cannot be written", errno);
    if (size < kBufferSize) break;
  }
  if (total < job.size) return run->Fail(job.path, "content is cut short");
  if (sha.Finish() == job.sha256) return true;
  return run->Fail(job.path, "content is not what the manifest says");
}

// Fills the new file and ends it; its name is still `temp`.
bool FillFile(Run* run, const FileJob& job, int from, UniqueFd to, char* buffer) {
  if (!CopyContent(run, job, from, to.get(), buffer)) return false;
  if (fchmod(to.get(), job.mode) != 0) return run->Fail(job.path, "mode cannot be set", errno);
  const Owner& owner = run->owner();
  if (owner.set && fchown(to.get(), owner.uid, owner.gid) != 0) {
    return run->Fail(job.path, "owner cannot be set", errno);
  }
  // Network file systems may say only now that there is no room.
  if (close(to.release()) != 0) return run->Fail(job.path, "cannot be written", errno);
  return true;
}

bool WriteFile(Run* run, TempNames* temps, const FileJob& job, char* buffer) {
  UniqueFd from(run->image().OpenContent(job.path, job.at));
  if (!from.valid()) {
    bool missing = errno == ENOENT;
    return run->Fail(job.path,
                     missing ? "content is missing from the image" : "content cannot be opened",
                     missing ? 0 : errno);
  }
  char temp[TempNames::kSize];
  temps->Next(temp);
  int dir = job.dir->fd();
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd to(openat(dir, temp, kFlags, 0600));
  if (!to.valid()) return run->Fail(job.path, "cannot be created", errno);
  bool placed = FillFile(run, job, from.get(), std::move(to), buffer);
  if (placed && !RenameOver(*run, dir, temp, job.name)) {
    placed = run->Stopping() ? false : run->Fail(job.path, "cannot be replaced", errno);
  }
  if (!placed) unlinkat(dir, temp, 0);
  return placed;
}

}  // namespace

bool PutFile(Run* run, TempNames* temps, const FileJob& job, char* buffer) {
  if (run->Stopping()) return false;
  if (buffer == nullptr) return run->Fail(job.path, "out of memory");
  if (!job.dir->fresh()) {
    UniqueFd existing;
    struct stat st;
    bool in_place = IsInPlace(*run, job, buffer, &existing, &st);
    if (in_place && Adjust(*run, job, existing.get(), st)) return true;
  }
  if (run->Stopping() || !WriteFile(run, temps, job, buffer)) return false;
  run->written.Add(1);
  return true;
}

}  // namespace kontext::extractor
