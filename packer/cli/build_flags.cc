#include "packer/cli/build_flags.h"

#include <string>

#include "packer/cli/filters.h"

namespace kontext::cli {
namespace po = boost::program_options;

namespace {

using Texts = std::vector<std::string>;

}  // namespace

void AddBuildFlags(po::options_description* flags) {
  flags->add_options()("clean", "start from nothing, whatever is under the tag");
  flags->add_options()("from", po::value<Texts>(),
                       "REF: use segments of this image too; repeatable");
  flags->add_options()("mirror",
                       "keep every file at its own path: usable as a volume without extraction");
  AddFilterFlags(flags);
  flags->add_options()("one-file-system",
                       "do not look below directories that something is mounted on");
  flags->add_options()("no-cache", "read every file; neither use nor write the cache");
}

void ReadBuildFlags(const po::variables_map& values, const std::vector<po::option>& given,
                    PushOptions* options) {
  options->rebase = values.count("clean") == 0;
  if (values.count("from") > 0) options->from = values["from"].as<Texts>();
  for (const std::string& reference : options->from) {
    if (reference.empty()) throw Error(ErrorKind::kUsage, "--from is empty");
  }
  options->mirror = values.count("mirror") > 0;
  options->ignore = ReadFilterFlags(values, given);
  options->one_file_system = values.count("one-file-system") > 0;
  options->cache = values.count("no-cache") == 0;
}

}  // namespace kontext::cli
