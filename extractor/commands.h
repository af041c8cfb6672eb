// The three commands.
#pragma once

#include "common/tree/report.h"
#include "extractor/args.h"

namespace kontext::extractor {

// What each line on stderr begins with.
inline constexpr std::string_view kLinePrefix = "kontext-extractor: ";

// Runs the command of `args` (not help or version), the listing going to `out_fd`. Gives the exit
// status: 0 done, 1 failed or different, 128 + a signal that asked to stop.
int RunCommand(const Args& args, tree::Report* report, int out_fd);

}  // namespace kontext::extractor
