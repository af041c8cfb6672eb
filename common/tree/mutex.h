// A mutex and a condition on futex(2). The C library's would be a twentieth of the extractor.
#pragma once

#include <stdint.h>

#include "common/tree/atomic.h"

namespace kontext::tree {

// U. Drepper, "Futexes Are Tricky" (2011), section 5: the second mutex.
class Mutex {
 public:
  void Lock();
  void Unlock();

 private:
  Atomic<uint32_t> state_{0};  // 0: free, 1: held, 2: held, and perhaps waited for
};

class MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) : mutex_(mutex) { mutex_->Lock(); }
  ~MutexLock() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* mutex_;
};

// To be called with one and the same mutex held.
class Condition {
 public:
  // Lets go of the mutex while it waits; may return without a reason.
  void Wait(Mutex* mutex);
  void WakeOne() { Wake(1); }
  void WakeAll() { Wake(INT32_MAX); }

 private:
  void Wake(int most);

  Atomic<uint32_t> wakes_{0};
  uint32_t waiting_ = 0;
};

}  // namespace kontext::tree
