// Has large files written to the disk while others are still being made.
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "common/fd.h"
#include "common/tree/atomic.h"
#include "common/tree/mutex.h"

namespace kontext::tree {

// Whoever ends a container has the disk take in all that its run left in memory (umount of an
// overlay does, by syncfs of the file system below it), and waits. Here the disk begins while the
// CPU is busy. A thread of its own hands it one file at a time, in pieces, and takes no other
// meanwhile: of a slow disk no more than a piece is waited for. Nothing is promised of when a file
// is on the disk.
class WriteBack {
 public:
  WriteBack() = default;
  // Finishes.
  ~WriteBack() { Finish(); }
  WriteBack(const WriteBack&) = delete;
  WriteBack& operator=(const WriteBack&) = delete;

  // Without a thread no file is taken.
  void Start();

  // A file that is whole, of `size` bytes. It is taken if it is large and no other is under way. It
  // is opened anew, for reading: held open for writing, a program could not be run.
  void Offer(int dir_fd, const char* name, uint64_t size);

  // Lets go of what is under way.
  void Finish();

 private:
  static void* Main(void* self);
  // Waits for the next file, done with the one before. Not valid: no more comes.
  UniqueFd Take();
  void HandOver(int fd) const;

  Mutex mutex_;
  Condition changed_;
  UniqueFd waiting_;
  Atomic<bool> idle_{false};  // the thread waits for a file
  Atomic<bool> finished_{false};
  bool started_ = false;
  pthread_t thread_ = {};
};

}  // namespace kontext::tree
