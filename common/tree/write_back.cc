#include "common/tree/write_back.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace kontext::tree {
namespace {

// Kernel source: 0.9 % of the files have 39 % of the bytes. Asking for each small file as well
// costs more CPU time than the kernel takes for all of them together later.
constexpr uint64_t kLarge = 128 * 1024;

constexpr off_t kPiece = 1024 * 1024;

constexpr size_t kStackSize = 64 * 1024;

}  // namespace

void WriteBack::Start() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackSize);
  started_ = pthread_create(&thread_, &attributes, Main, this) == 0;
  pthread_attr_destroy(&attributes);
}

void WriteBack::Offer(int dir_fd, const char* name, uint64_t size) {
  if (size < kLarge || !idle_.Load()) return;
  MutexLock lock(&mutex_);
  if (!idle_.Load() || finished_.Load()) return;
  waiting_.reset(openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!waiting_.valid()) return;
  idle_.Exchange(false);
  changed_.WakeOne();
}

UniqueFd WriteBack::Take() {
  MutexLock lock(&mutex_);
  idle_.Exchange(true);
  while (!waiting_.valid() && !finished_.Load()) changed_.Wait(&mutex_);
  idle_.Exchange(false);
  return std::move(waiting_);
}

// Each piece waits for room in the disk's queue. A file system that cannot begin early writes when
// it likes.
void WriteBack::HandOver(int fd) const {
  struct stat st;
  if (fstat(fd, &st) != 0) return;
  for (off_t done = 0; done < st.st_size && !finished_.Load(); done += kPiece) {
    if (sync_file_range(fd, done, kPiece, SYNC_FILE_RANGE_WRITE) != 0) return;
  }
}

void* WriteBack::Main(void* self) {
  WriteBack* write_back = static_cast<WriteBack*>(self);
  for (;;) {
    UniqueFd file = write_back->Take();
    if (!file.valid()) return nullptr;
    write_back->HandOver(file.get());
  }
}

void WriteBack::Finish() {
  if (!started_) return;
  {
    MutexLock lock(&mutex_);
    finished_.Exchange(true);
    changed_.WakeOne();
  }
  pthread_join(thread_, nullptr);
  started_ = false;
}

}  // namespace kontext::tree
