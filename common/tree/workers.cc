#include "common/tree/workers.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

namespace kontext::tree {
namespace {

// Enough that no worker waits while a large file is copied, few enough that verify, where each
// holds a descriptor, stays far from the usual limit of 1024 of them.
constexpr size_t kMaxQueued = 128;
constexpr size_t kMaxQueuedBytes = 1024 * 1024;

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
  pthread_mutex_lock(&mutex_);
  while (jobs_ > 0 && (jobs_ >= kMaxQueued || cost_ + job->cost > kMaxQueuedBytes)) {
    pthread_cond_wait(&room_, &mutex_);
  }
  job->next = nullptr;
  *end_ = job;
  end_ = &job->next;
  ++jobs_;
  cost_ += job->cost;
  pthread_cond_signal(&work_);
  pthread_mutex_unlock(&mutex_);
}

FileJob* Workers::Take() {
  pthread_mutex_lock(&mutex_);
  while (first_ == nullptr && !finished_) pthread_cond_wait(&work_, &mutex_);
  FileJob* job = first_;
  if (job != nullptr) {
    first_ = job->next;
    if (first_ == nullptr) end_ = &first_;
    --jobs_;
    cost_ -= job->cost;
    pthread_cond_signal(&room_);
  }
  pthread_mutex_unlock(&mutex_);
  return job;
}

void* Workers::Main(void* self) {
  Workers* workers = static_cast<Workers*>(self);
  char* buffer = static_cast<char*>(malloc(kBufferSize));
  // Without a buffer the handler still gets each job, to end it and to say so.
  while (FileJob* job = workers->Take()) workers->handle_(workers->context_, job, buffer);
  free(buffer);
  return nullptr;
}

void Workers::Finish() {
  pthread_mutex_lock(&mutex_);
  finished_ = true;
  pthread_cond_broadcast(&work_);
  pthread_mutex_unlock(&mutex_);
  while (started_ > 0) pthread_join(threads_[--started_], nullptr);
}

}  // namespace kontext::tree
