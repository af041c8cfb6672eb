// The command line (design, section 6).
#pragma once

#include <string_view>

#include "common/tree/run.h"

namespace kontext::extractor {

enum class Command { kExtract, kVerify, kList, kHelp, kVersion };

// The strings are those of argv.
struct Args {
  Command command = Command::kExtract;
  const char* target = "/workspace";
  const char* root = "/";
  tree::Owner owner;
  unsigned jobs = 0;  // 0: not given
  bool prune = false;
  bool quiet = false;
};

struct UsageProblem {
  std::string_view argument;
  std::string_view what;
};

// Options are `--name VALUE` or `--name=VALUE`; the last of several wins. False: `problem` is set.
bool ParseArgs(int argc, const char* const* argv, Args* args, UsageProblem* problem);

// What --help prints.
extern const std::string_view kHelpText;

}  // namespace kontext::extractor
