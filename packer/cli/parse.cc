#include <fmt/format.h>

#include <sstream>

#include "packer/cli/command.h"

namespace kontext::cli {
namespace po = boost::program_options;

namespace {

constexpr std::string_view kRepeated = "...";
constexpr int kMaxRetries = 1000;
constexpr int kMaxTimeout = 24 * 60 * 60;

Error Usage(const Command& command, const std::string& problem) {
  return {ErrorKind::kUsage, fmt::format("{} (usage: kontext {}; see kontext {} --help)", problem,
                                         command.usage, command.name)};
}

void AddCommon(po::options_description* options) {
  options->add_options()("insecure-http", "plain HTTP for hosts that are not loopback, too");
  options->add_options()("insecure-tls", "take whatever certificate a registry shows");
  options->add_options()("retries", po::value<int>(),
                         "how often a request is sent again that found the registry away or busy "
                         "(default: 4)");
  options->add_options()(
      "timeout", po::value<int>(),
      "seconds after which a transfer on which next to nothing moves is given up "
      "(default: 60)");
  options->add_options()("verbose,v", "show each request, and why a path is left out");
  options->add_options()("quiet,q", "no warnings");
  options->add_options()("help,h", "this text");
}

void ReadNumber(const po::variables_map& values, const char* option, int least, int most,
                int* number) {
  if (values.count(option) == 0) return;
  *number = values[option].as<int>();
  if (*number >= least && *number <= most) return;
  throw Error(ErrorKind::kUsage,
              fmt::format("--{} {}: not from {} to {}", option, *number, least, most));
}

}  // namespace

bool Parse(const Command& command, const std::vector<std::string>& arguments,
           po::options_description options, const std::vector<std::string>& positional,
           po::variables_map* values, std::vector<po::option>* given) {
  AddCommon(&options);
  po::options_description all;
  all.add(options);
  po::options_description hidden;
  po::positional_options_description order;
  for (const std::string& name : positional) {
    if (name.ends_with(kRepeated)) {
      std::string one = name.substr(0, name.size() - kRepeated.size());
      hidden.add_options()(one.c_str(), po::value<std::vector<std::string>>());
      order.add(one.c_str(), -1);
    } else {
      hidden.add_options()(name.c_str(), po::value<std::string>());
      order.add(name.c_str(), 1);
    }
  }
  all.add(hidden);
  try {
    using Style = po::command_line_style::style_t;
    constexpr int kStyle = Style::unix_style & ~Style::allow_guessing;
    po::parsed_options parsed =
        po::command_line_parser(arguments).options(all).positional(order).style(kStyle).run();
    po::store(parsed, *values);
    if (given != nullptr) *given = parsed.options;
    po::notify(*values);
  } catch (const po::error& error) {
    throw Usage(command, error.what());
  }
  if (values->count("help") == 0) return true;
  std::ostringstream text;
  text << options;
  Print(fmt::format("kontext {}: {}\n\nOptions:\n{}", command.usage, command.summary, text.str()));
  return false;
}

std::string Required(const Command& command, const po::variables_map& values,
                     const std::string& name) {
  if (values.count(name) == 0) throw Usage(command, name + " is missing");
  std::string value = values[name].as<std::string>();
  if (value.empty()) throw Usage(command, name + " is empty");
  return value;
}

std::vector<std::string> RequiredList(const Command& command, const po::variables_map& values,
                                      const std::string& name) {
  if (values.count(name) == 0) throw Usage(command, name + " is missing");
  const auto& list = values[name].as<std::vector<std::string>>();
  for (const std::string& value : list) {
    if (value.empty()) throw Usage(command, name + " is empty");
  }
  return list;
}

PushOptions CommonOptions(const po::variables_map& values) {
  PushOptions options;
  options.insecure_http = values.count("insecure-http") > 0;
  options.insecure_tls = values.count("insecure-tls") > 0;
  ReadNumber(values, "retries", 0, kMaxRetries, &options.retries);
  ReadNumber(values, "timeout", 1, kMaxTimeout, &options.timeout_seconds);
  auto to_stderr = [](const std::string& line) { Say(line); };
  if (values.count("quiet") == 0) options.warn = to_stderr;
  if (values.count("verbose") > 0) options.trace = to_stderr;
  return options;
}

}  // namespace kontext::cli
