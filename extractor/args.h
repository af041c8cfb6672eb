// The command line (design, section 6).
#pragma once

#include <sys/types.h>

#include <string_view>

namespace kontext::extractor {

enum class Command { kExtract, kVerify, kList, kHelp, kVersion };

// Most worker threads that may be asked for: each has a buffer, and memory is bounded.
inline constexpr unsigned kMaxJobs = 32;

// Without --jobs: as many as there are CPUs, up to this. More only queue at the disk.
inline constexpr unsigned kDefaultJobs = 4;

struct Owner {
  bool set = false;
  uid_t uid = 0;
  gid_t gid = 0;
};

// The strings are those of argv.
struct Args {
  Command command = Command::kExtract;
  const char* target = "/workspace";
  const char* root = "/";
  Owner owner;
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
