#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "packer/cli/command.h"
#include "packer/one_line.h"

namespace kontext::cli {
namespace {

[[noreturn]] void FailOutput() {
  if (errno == EPIPE) throw HungUp();
  throw Error(ErrorKind::kIo,
              std::string("cannot write to standard output: ") + std::strerror(errno));
}

}  // namespace

void Print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) FailOutput();
}

void PrintAside(std::string_view text) { (void)std::fwrite(text.data(), 1, text.size(), stderr); }

void FlushOutput() {
  if (std::fflush(stdout) != 0) FailOutput();
}

void Say(std::string_view line) {
  std::string text = "kontext: " + OneLine(line) + '\n';
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

std::string HumanBytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace kontext::cli
