// The options that say what of a directory is sent.
#pragma once

#include <boost/program_options.hpp>
#include <vector>

#include "packer/kontext.h"

namespace kontext::cli {

// Adds --exclude, --include, --ignore-file, --git and --include-git.
void AddFilterFlags(boost::program_options::options_description* flags);

// What they say. `given` are the options in the order of the command line: that of --exclude and
// --include is kept.
FilterOptions ReadFilterFlags(const boost::program_options::variables_map& values,
                              const std::vector<boost::program_options::option>& given);

}  // namespace kontext::cli
