// How a tree differs from its listing, one path at a time.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <string_view>

#include "common/tree/line.h"

namespace kontext::tree {

enum class DifferenceKind {
  kMissing,
  kExtra,       // not in the listing; a directory stands for all that is in it
  kType,        // `is` and `should`: type bits of a mode
  kMode,        // `is` and `should`: permission bits
  kSize,        // `is` and `should`: bytes
  kContent,     // of the right size
  kTarget,      // `target_is` and `target_should`
  kUnreadable,  // not known whether it differs, nor what is below it; `error`: an errno
};

// Views are valid until whoever takes it returns.
struct Difference {
  DifferenceKind kind = DifferenceKind::kMissing;
  std::string_view dir{};   // kExtra: what it is in, empty at the top; else empty
  std::string_view path{};  // below `dir`
  uint64_t is = 0;
  uint64_t should = 0;
  std::string_view target_is{};
  std::string_view target_should{};
  int error = 0;
};

// "PATH: what is wrong with it"
void Describe(const Difference& difference, Line* line);

// Takes differences from any thread.
struct DifferenceSink {
  void* context = nullptr;
  void (*take)(void* context, const Difference& difference) = nullptr;
};

}  // namespace kontext::tree
