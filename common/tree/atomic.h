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
  // Exchange and Add give the value from before.
  T Exchange(T value) { return __atomic_exchange_n(&value_, value, __ATOMIC_ACQ_REL); }
  // Only where it has the value `expected`; false: it has another.
  bool ExchangeIf(T expected, T value) {
    return __atomic_compare_exchange_n(&value_, &expected, value, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
  }
  T Add(T amount) { return __atomic_fetch_add(&value_, amount, __ATOMIC_ACQ_REL); }

 private:
  T value_;
};

}  // namespace kontext::tree
