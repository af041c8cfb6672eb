#include "packer/cli/tree_options.h"

#include <fmt/format.h>

namespace kontext::cli {
namespace po = boost::program_options;

namespace {

constexpr int kMaxJobs = 32;

std::string Count(uint64_t n, const char* one, const char* many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

}  // namespace

void AddJobs(po::options_description* flags) {
  flags->add_options()("jobs", po::value<int>(),
                       "threads that compare and write, 1 to 32 (default: the number of CPUs, "
                       "at most 4)");
}

unsigned Jobs(const po::variables_map& values) {
  if (values.count("jobs") == 0) return 0;
  int jobs = values["jobs"].as<int>();
  if (jobs < 1 || jobs > kMaxJobs) {
    throw Error(ErrorKind::kUsage, fmt::format("--jobs {}: needs a number, 1 to 32", jobs));
  }
  return static_cast<unsigned>(jobs);
}

std::string Totals(uint64_t files, uint64_t dirs, uint64_t symlinks, uint64_t bytes) {
  return fmt::format("{}, {}, {} ({})", Count(files, "file", "files"),
                     Count(dirs, "directory", "directories"),
                     Count(symlinks, "symlink", "symlinks"), HumanBytes(bytes));
}

}  // namespace kontext::cli
