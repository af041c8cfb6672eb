// The three commands.
#pragma once

#include "extractor/args.h"
#include "extractor/report.h"

namespace kontext::extractor {

// Runs the command of `args` (not help or version), the listing going to `out_fd`. Gives the exit
// status: 0 done, 1 failed or different, 128 + a signal that asked to stop.
int RunCommand(const Args& args, Report* report, int out_fd);

}  // namespace kontext::extractor
