// A value shared between threads. The compiler's builtins: <atomic> of libstdc++ assumes glibc.
#pragma once

namespace kontext::tree {

template <typename T>
class Atomic {
 public:
  explicit Atomic(T value) : value_(value) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T Load() const { return __atomic_load_n(&value_, __ATOMIC_ACQUIRE); }
  // Both give the value from before.
  T Exchange(T value) { return __atomic_exchange_n(&value_, value, __ATOMIC_ACQ_REL); }
  T Add(T amount) { return __atomic_fetch_add(&value_, amount, __ATOMIC_ACQ_REL); }

 private:
  T value_;
};

}  // namespace kontext::tree
