// Options of the commands that work on a local tree.
#pragma once

#include "packer/cli/command.h"

namespace kontext::cli {

void AddJobs(boost::program_options::options_description* flags);
// 0 when not given. Throws Error(kUsage).
unsigned Jobs(const boost::program_options::variables_map& values);

// "12 files, 3 directories, 1 symlink (4.5 MB)"
std::string Totals(uint64_t files, uint64_t dirs, uint64_t symlinks, uint64_t bytes);

}  // namespace kontext::cli
