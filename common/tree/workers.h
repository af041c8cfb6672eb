// A few threads that take files from a short queue.
#pragma once

#include <pthread.h>
#include <stddef.h>

#include "common/tree/file_job.h"
#include "common/tree/mutex.h"

namespace kontext::tree {

// What a worker reads or writes at once: big enough that system calls do not count, small enough
// to stay in a core's cache between hashing and writing.
inline constexpr size_t kBufferSize = 128 * 1024;

// Most worker threads that may be asked for: each has a buffer, and memory is bounded.
inline constexpr unsigned kMaxJobs = 32;

// Without a wish: as many as there are CPUs, up to this. More only queue at the disk.
inline constexpr unsigned kDefaultJobs = 4;

// How many were asked for, or (0) how many this process may use, up to kDefaultJobs.
unsigned JobsToUse(unsigned wanted);

class Workers {
 public:
  // Does one job with a buffer of kBufferSize, and ends it.
  using Handle = void (*)(void* context, FileJob* job, char* buffer);

  Workers(Handle handle, void* context) : handle_(handle), context_(context) {}
  // Finishes.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // True if at least one thread started; otherwise errno is set.
  bool Start(unsigned threads);

  // Waits for room in the queue, which is bounded in jobs and in bytes.
  void Push(FileJob* job);

  // Waits until all that was pushed is done. The threads wait for more.
  void Drain();

  // The same, and ends the threads.
  void Finish();

 private:
  static void* Main(void* self);
  // What is next, linked; null: all is done. `done`: how many of the last batch's jobs are.
  FileJob* TakeBatch(size_t done);

  Handle handle_;
  void* context_;
  Mutex mutex_;
  Condition work_;
  Condition room_;
  Condition drained_;
  FileJob* first_ = nullptr;
  FileJob** end_ = &first_;
  size_t jobs_ = 0;
  size_t cost_ = 0;
  size_t undone_ = 0;  // in the queue or with a worker
  unsigned idle_ = 0;  // workers that wait for work
  bool full_ = false;  // Push waits for room
  bool finished_ = false;
  pthread_t threads_[kMaxJobs] = {};
  unsigned started_ = 0;
};

}  // namespace kontext::tree
