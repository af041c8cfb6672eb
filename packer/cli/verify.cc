#include <fmt/format.h>

#include "common/file_limit.h"
#include "packer/cli/tree_options.h"
#include "packer/one_line.h"

namespace kontext::cli {
namespace po = boost::program_options;

namespace {

// As diff(1) has them.
constexpr int kSame = 0;
constexpr int kDifferent = 1;
constexpr int kTrouble = 2;

void Summarize(const VerifyResult& result, const std::string& directory) {
  if (result.problems + result.unreadable > 0) {
    return Say(fmt::format("{} {}{}", result.problems,
                           result.problems == 1 ? "difference" : "differences",
                           result.unreadable > 0 ? ", not all could be read" : ""));
  }
  Say(fmt::format("{}{}, {} of layers, verified",
                  Totals(result.files, result.dirs, result.symlinks, result.bytes),
                  directory.empty() ? "" : " in " + directory, HumanBytes(result.layer_bytes)));
}

}  // namespace

int RunVerify(const Command& command, const std::vector<std::string>& arguments) {
  po::options_description flags;
  AddJobs(&flags);
  po::variables_map values;
  if (!Parse(command, arguments, flags, {"REF", "DIR"}, &values)) return kSame;
  std::string reference = Required(command, values, "REF");
  std::string directory = values.count("DIR") > 0 ? Required(command, values, "DIR") : "";
  VerifyOptions options;
  options.jobs = Jobs(values);
  options.connection = CommonOptions(values);
  options.problem = [](const std::string& text) { Print(OneLine(text) + '\n'); };
  RaiseFileLimit();
  VerifyResult result = Verify(reference, directory, options);
  FlushOutput();
  if (values.count("quiet") == 0) Summarize(result, directory);
  if (result.unreadable > 0) return kTrouble;
  return result.problems == 0 ? kSame : kDifferent;
}

}  // namespace kontext::cli
