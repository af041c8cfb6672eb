#include <fmt/format.h>

#include <sstream>

#include "packer/cli/command.h"

namespace kontext::cli {
namespace po = boost::program_options;

namespace {

Error Usage(const Command& command, const std::string& problem) {
  return {ErrorKind::kUsage, fmt::format("{} (usage: kontext {}; see kontext {} --help)", problem,
                                         command.usage, command.name)};
}

void AddCommon(po::options_description* options) {
  options->add_options()("insecure-http", "plain HTTP for hosts that are not loopback, too");
  options->add_options()("verbose,v", "show each request on standard error");
  options->add_options()("quiet,q", "no warnings");
  options->add_options()("help,h", "this text");
}

}  // namespace

bool Parse(const Command& command, const std::vector<std::string>& arguments,
           po::options_description options, const std::vector<std::string>& positional,
           po::variables_map* values) {
  AddCommon(&options);
  po::options_description all;
  all.add(options);
  po::options_description hidden;
  po::positional_options_description order;
  for (const std::string& name : positional) {
    hidden.add_options()(name.c_str(), po::value<std::string>());
    order.add(name.c_str(), 1);
  }
  all.add(hidden);
  try {
    using Style = po::command_line_style::style_t;
    constexpr int kStyle = Style::unix_style & ~Style::allow_guessing;
    po::store(po::command_line_parser(arguments).options(all).positional(order).style(kStyle).run(),
              *values);
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

PushOptions CommonOptions(const po::variables_map& values) {
  PushOptions options;
  options.insecure_http = values.count("insecure-http") > 0;
  auto to_stderr = [](const std::string& line) { Say(line); };
  if (values.count("quiet") == 0) options.warn = to_stderr;
  if (values.count("verbose") > 0) options.trace = to_stderr;
  return options;
}

}  // namespace kontext::cli
