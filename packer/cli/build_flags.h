// Options that decide what an image is built from: a push has them, and a diff, which tells what a
// push with the same ones would send.
#pragma once

#include <boost/program_options.hpp>
#include <vector>

#include "packer/kontext.h"

namespace kontext::cli {

void AddBuildFlags(boost::program_options::options_description* flags);
// `given`: the options in the order of the command line.
void ReadBuildFlags(const boost::program_options::variables_map& values,
                    const std::vector<boost::program_options::option>& given, PushOptions* options);

}  // namespace kontext::cli
