// What is told to the user: one line each, in one place.
#pragma once

#include <string_view>

#include "common/tree/line.h"
#include "common/tree/mutex.h"

namespace kontext::tree {

// Any thread may use it; lines do not mix.
class Report {
 public:
  // `prefix` begins every line and must outlive the report.
  Report(const TextOut& out, std::string_view prefix) : out_(out), prefix_(prefix) {}
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  // "PATH: WHAT: REASON"; the reason, of an errno, unless it is 0.
  void Error(std::string_view path, std::string_view what, int error = 0);

  // Calls `fill(line)` for what stands between the prefix and the end of the line.
  template <typename Fill>
  void Say(Fill fill) {
    Write([](void* context, Line& line) { (*static_cast<Fill*>(context))(line); }, &fill);
  }

 private:
  void Write(void (*fill)(void* context, Line& line), void* context);

  TextOut out_;
  std::string_view prefix_;
  Mutex mutex_;
};

}  // namespace kontext::tree
