#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <csignal>

#include "common/file_limit.h"
#include "packer/cli/progress.h"
#include "packer/cli/tree_options.h"

namespace kontext::cli {
namespace po = boost::program_options;

namespace {

// A handler has no context but globals.
volatile std::sig_atomic_t stop_signal = 0;

// What can be tidied up is tidied up in this time, unless a connection on which nothing moves is in
// the way: then the next run does it.
constexpr unsigned kPatienceSeconds = 3;

void TakeNote(int number) {
  stop_signal = number;
  alarm(kPatienceSeconds);
}

void EndAtOnce(int) {
  std::signal(stop_signal, SIG_DFL);
  std::raise(stop_signal);
}

// Ends the program as the signal would have, now that all is tidy.
void StopAsAsked() {
  if (stop_signal == 0) return;
  std::signal(stop_signal, SIG_DFL);
  std::raise(stop_signal);
}

po::options_description PullFlags() {
  po::options_description flags;
  flags.add_options()("prune", "remove what is in DIR but not in the image");
  flags.add_options()("owner", po::value<std::string>(),
                      "UID:GID: give DIR and every entry to this user and group");
  AddJobs(&flags);
  return flags;
}

bool ParseId(std::string_view text, uint32_t* id) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *id);
  // The highest id means "leave as it is" to chown(2).
  return error == std::errc() && end == text.data() + text.size() && *id != UINT32_MAX;
}

void ParseOwner(const std::string& text, PullOptions* options) {
  size_t colon = std::min(text.find(':'), text.size());
  std::string_view view = text;
  options->set_owner = colon < text.size() && ParseId(view.substr(0, colon), &options->uid) &&
                       ParseId(view.substr(colon + 1), &options->gid);
  if (options->set_owner) return;
  throw Error(ErrorKind::kUsage, fmt::format("--owner {}: needs UID:GID, two numbers", text));
}

}  // namespace

int RunPull(const Command& command, const std::vector<std::string>& arguments) {
  po::variables_map values;
  if (!Parse(command, arguments, PullFlags(), {"REF", "DIR"}, &values)) return 0;
  std::string reference = Required(command, values, "REF");
  std::string directory = Required(command, values, "DIR");
  bool quiet = values.count("quiet") > 0;
  PullOptions options;
  options.prune = values.count("prune") > 0;
  if (values.count("owner") > 0) ParseOwner(values["owner"].as<std::string>(), &options);
  options.jobs = Jobs(values);
  options.connection = CommonOptions(values);
  RaiseFileLimit();
  std::signal(SIGALRM, EndAtOnce);
  std::signal(SIGTERM, TakeNote);
  std::signal(SIGINT, TakeNote);
  options.stop = [] { return stop_signal != 0; };
  PullResult result;
  try {
    ProgressLine line(!quiet);
    options.connection.progress = [&](const char* phase, uint64_t done, uint64_t total) {
      line.Show(phase, done, total);
    };
    result = Pull(reference, directory, options);
  } catch (const Error&) {
    StopAsAsked();
    throw;
  }
  if (quiet) return 0;
  Say(fmt::format("{} in {}, {} written, {} fetched, verified, {:.1f} s",
                  Totals(result.files, result.dirs, result.symlinks, result.bytes), directory,
                  result.written, HumanBytes(result.fetched_bytes), result.seconds));
  return 0;
}

}  // namespace kontext::cli
