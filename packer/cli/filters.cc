#include "packer/cli/filters.h"

#include <string>

namespace kontext::cli {
namespace po = boost::program_options;

void AddFilterFlags(po::options_description* flags) {
  using Texts = std::vector<std::string>;
  flags->add_options()("exclude", po::value<Texts>(),
                       "PATTERN to leave out, after the ignore file's rules; repeatable");
  flags->add_options()("include", po::value<Texts>(),
                       "PATTERN to send all the same, as !PATTERN in an ignore file; repeatable");
  flags->add_options()("ignore-file", po::value<std::string>(),
                       "FILE to use instead of DIR's .kontextignore or .dockerignore");
  flags->add_options()("git", "only what git tracks, and new files that it does not ignore");
  flags->add_options()("include-git", "send what is called .git, too");
}

FilterOptions ReadFilterFlags(const po::variables_map& values,
                              const std::vector<po::option>& given) {
  FilterOptions options;
  // The values alone keep no order between one option and another.
  for (const po::option& option : given) {
    bool include = option.string_key == "include";
    if (!include && option.string_key != "exclude") continue;
    for (const std::string& pattern : option.value) {
      if (include && pattern.starts_with('!')) {
        throw Error(ErrorKind::kUsage, "--include " + pattern + ": the ! is left away here");
      }
      options.rules.push_back({include, pattern});
    }
  }
  if (values.count("ignore-file") > 0) {
    options.ignore_file = values["ignore-file"].as<std::string>();
    if (options.ignore_file.empty()) throw Error(ErrorKind::kUsage, "--ignore-file is empty");
  }
  options.git = values.count("git") > 0;
  options.include_git = values.count("include-git") > 0;
  return options;
}

}  // namespace kontext::cli
