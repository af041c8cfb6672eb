#include "common/tree/report.h"

#include <string.h>

namespace kontext::tree {

// Not inlined: the extractor is to be small.
[[gnu::noinline]] void Report::Write(void (*fill)(void* context, Line& line), void* context) {
  MutexLock lock(&mutex_);
  Line line(out_);
  line.Text(prefix_);
  fill(context, line);
  line.Text("\n");
}

void Report::Error(std::string_view path, std::string_view what, int error) {
  Say([&](Line& line) {
    line.Name(path).Text(": ").Text(what);
    if (error != 0) line.Text(": ").Text(strerror(error));
  });
}

}  // namespace kontext::tree
