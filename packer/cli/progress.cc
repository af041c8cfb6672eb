#include "packer/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "packer/cli/command.h"

namespace kontext::cli {
namespace {

void Write(std::string_view text) { (void)std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

ProgressLine::ProgressLine(bool wanted)
    : shown_(wanted && isatty(STDERR_FILENO) != 0), begin_(std::chrono::steady_clock::now()) {}

ProgressLine::~ProgressLine() {
  if (shown_) Write("\r\x1b[K");
}

void ProgressLine::Show(const char* phase, uint64_t done, uint64_t total) {
  if (!shown_) return;
  std::string line = fmt::format("\r\x1b[K{}", phase);
  if (total > 0) line += fmt::format(" {} of {}", HumanBytes(done), HumanBytes(total));
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  if (done > 0 && seconds > 0) {
    double rate = static_cast<double>(done) / seconds;
    line += fmt::format(", {}/s, {:.0f} s left", HumanBytes(static_cast<uint64_t>(rate)),
                        static_cast<double>(total - done) / rate);
  }
  Write(line);
}

}  // namespace kontext::cli
