// One line on a terminal that says what is going on.
#pragma once

#include <chrono>
#include <cstdint>

namespace kontext::cli {

// Quiet when standard error is no terminal. Wipes its line when it ends.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(const char* phase, uint64_t done, uint64_t total);

 private:
  bool shown_;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace kontext::cli
