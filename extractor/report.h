// What the extractor tells its user: one line each, on one file descriptor.
#pragma once

#include <pthread.h>

#include <string_view>

#include "extractor/line.h"

namespace kontext::extractor {

inline constexpr std::string_view kProgramName = "kontext-extractor";

// Any thread may use it; lines do not mix.
class Report {
 public:
  explicit Report(int fd) : fd_(fd) {}
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  // "kontext-extractor: PATH: WHAT: REASON"; the reason, of an errno, unless it is 0.
  void Error(std::string_view path, std::string_view what, int error = 0);

  // Calls `fill(line)` for what stands between the program's name and the end of the line.
  template <typename Fill>
  void Say(Fill fill) {
    pthread_mutex_lock(&mutex_);
    {
      Line line(fd_);
      line.Text(kProgramName).Text(": ");
      fill(line);
      line.Text("\n");
    }
    pthread_mutex_unlock(&mutex_);
  }

 private:
  int fd_;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

}  // namespace kontext::extractor
