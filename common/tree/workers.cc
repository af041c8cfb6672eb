#include "common/tree/workers.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

namespace kontext::tree {
namespace {

// Enough that no worker waits while a large file is copied, few enough that verify, where each
// holds a descriptor, stays far from the usual limit of 1024 of them: kMaxJobs batches included.
constexpr size_t kMaxQueued = 128;
constexpr size_t kMaxQueuedBytes = 1024 * 1024;

// What a worker takes at once, in files and in their bytes, so that the threads seldom wait for
// each other at the queue or in one directory, and yet share a few large files.
constexpr size_t kBatch = 16;
constexpr uint64_t kBatchBytes = 1024 * 1024;

// What a job needs is two or three pages of fixed buffers.
constexpr size_t kStackSize = 256 * 1024;

}  // namespace

unsigned JobsToUse(unsigned wanted) {
  if (wanted != 0) return wanted;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) return kDefaultJobs;
  unsigned count = static_cast<unsigned>(CPU_COUNT(&cpus));
  if (count == 0) return 1;
  return count < kDefaultJobs ? count : kDefaultJobs;
}

Workers::~Workers() { Finish(); }

bool Workers::Start(unsigned threads) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackSize);
  int error = 0;
  while (started_ < threads && started_ < kMaxJobs && error == 0) {
    error = pthread_create(&threads_[started_], &attributes, Main, this);
    if (error == 0) ++started_;
  }
  pthread_attr_destroy(&attributes);
  errno = error;
  return started_ > 0;
}

void Workers::Push(FileJob* job) {
  MutexLock lock(&mutex_);
  if (jobs_ > 0 && (jobs_ >= kMaxQueued || cost_ + job->cost > kMaxQueuedBytes)) {
    work_.WakeAll();
    full_ = true;
    while (full_) room_.Wait(&mutex_);
  }
  job->next = nullptr;
  *end_ = job;
  end_ = &job->next;
  ++jobs_;
  ++undone_;
  cost_ += job->cost;
  if (idle_ > 0 && (jobs_ >= kBatch || job->size >= kBatchBytes)) work_.WakeOne();
}

FileJob* Workers::TakeBatch(size_t done) {
  MutexLock lock(&mutex_);
  undone_ -= done;
  if (undone_ == 0) drained_.WakeOne();
  while (first_ == nullptr && !finished_) {
    ++idle_;
    work_.Wait(&mutex_);
    --idle_;
  }
  FileJob* batch = first_;
  FileJob** end = &first_;
  uint64_t bytes = 0;
  for (size_t i = 0; i < kBatch && bytes < kBatchBytes && *end != nullptr; ++i) {
    bytes += (*end)->size;
    cost_ -= (*end)->cost;
    --jobs_;
    end = &(*end)->next;
  }
  if (batch != nullptr) {
    first_ = *end;
    *end = nullptr;
  }
  if (first_ == nullptr) end_ = &first_;
  // Not at the first gap: that would be a change of threads for each batch.
  if (full_ && jobs_ <= kMaxQueued / 2 && cost_ <= kMaxQueuedBytes / 2) {
    full_ = false;
    room_.WakeOne();
  }
  return batch;
}

void* Workers::Main(void* self) {
  Workers* workers = static_cast<Workers*>(self);
  char* buffer = static_cast<char*>(malloc(kBufferSize));
  // Without a buffer the handler still gets each job, to end it and to say so.
  size_t done = 0;
  while (FileJob* job = workers->TakeBatch(done)) {
    for (done = 0; job != nullptr; ++done) {
      FileJob* next = job->next;
      workers->handle_(workers->context_, job, buffer);
      job = next;
    }
  }
  free(buffer);
  return nullptr;
}

void Workers::Drain() {
  MutexLock lock(&mutex_);
  work_.WakeAll();
  while (undone_ > 0) drained_.Wait(&mutex_);
}

void Workers::Finish() {
  {
    MutexLock lock(&mutex_);
    finished_ = true;
    work_.WakeAll();
  }
  while (started_ > 0) pthread_join(threads_[--started_], nullptr);
}

}  // namespace kontext::tree
