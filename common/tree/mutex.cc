#include "common/tree/mutex.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace kontext::tree {
namespace {

// Of the kernel's linux/futex.h, which musl does not bring along.
constexpr int kFutexWaitPrivate = 128;
constexpr int kFutexWakePrivate = 129;

// Sleeps as long as the value is `value`; may wake for no reason.
void FutexWait(const Atomic<uint32_t>* word, uint32_t value) {
  syscall(SYS_futex, word, kFutexWaitPrivate, value, nullptr, nullptr, 0);
}

void FutexWake(const Atomic<uint32_t>* word, int most) {
  syscall(SYS_futex, word, kFutexWakePrivate, most, nullptr, nullptr, 0);
}

}  // namespace

void Mutex::Lock() {
  if (state_.ExchangeIf(0, 1)) return;
  while (state_.Exchange(2) != 0) FutexWait(&state_, 2);
}

void Mutex::Unlock() {
  if (state_.Exchange(0) == 2) FutexWake(&state_, 1);
}

void Condition::Wait(Mutex* mutex) {
  uint32_t seen = wakes_.Load();
  ++waiting_;
  mutex->Unlock();
  FutexWait(&wakes_, seen);
  mutex->Lock();
  --waiting_;
}

void Condition::Wake(int most) {
  if (waiting_ == 0) return;
  wakes_.Add(1);
  FutexWake(&wakes_, most);
}

}  // namespace kontext::tree
