// The entrypoint of an image.

#include <unistd.h>

#include "common/fd.h"
#include "common/tree/report.h"
#include "extractor/args.h"
#include "extractor/commands.h"
#include "extractor/signals.h"

#ifndef KONTEXT_VERSION
#define KONTEXT_VERSION "unknown"
#endif

namespace {

int Print(std::string_view text) {
  return kontext::WriteAll(STDOUT_FILENO, text.data(), text.size()) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace kontext::extractor;
  InstallSignalHandlers();
  constexpr int kError = STDERR_FILENO;
  kontext::tree::Report report(kontext::tree::TextToFd(&kError), kLinePrefix);
  Args args;
  UsageProblem problem;
  if (!ParseArgs(argc, argv, &args, &problem)) {
    report.Say([&](kontext::tree::Line& line) {
      line.Name(problem.argument).Text(": ").Text(problem.what).Text("; see --help");
    });
    return 2;
  }
  if (args.command == Command::kHelp) return Print(kHelpText);
  if (args.command == Command::kVersion) return Print("kontext-extractor " KONTEXT_VERSION "\n");
  return RunCommand(args, &report, STDOUT_FILENO);
}
