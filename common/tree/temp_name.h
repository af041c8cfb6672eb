// Names for what is written beside its final place and then renamed over it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/tree/atomic.h"

namespace kontext::tree {

// ".kontext-RANDOM-NUMBER.tmp". The random part is this run's own, so that no image can foresee it
// and have an entry of that name, and a killed run's leftovers are not in the way (in a container
// every run is pid 1). Both are 16 hex digits.
class TempNames {
 public:
  static constexpr size_t kSize = 64;  // longest name and its NUL

  TempNames();
  void Next(char out[kSize]);

  // Is it such a name, of any run?
  static bool IsOne(const char* name);

 private:
  uint64_t random_ = 0;
  Atomic<uint64_t> count_{0};
};

}  // namespace kontext::tree
