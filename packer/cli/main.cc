#include <fmt/format.h>

#include <csignal>
#include <exception>

#include "packer/cli/command.h"

namespace kontext::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

std::string Help() {
  std::string text =
      "kontext ships a directory to a cluster through a container registry.\n\n"
      "Commands:\n";
  for (const Command& command : Commands()) {
    text += fmt::format("  kontext {:<16} {}\n", command.usage, command.summary);
  }
  return text +
         "\nREF is registry/repo[:tag] or oci:DIR[:tag]. kontext COMMAND --help tells more.\n";
}

int Dispatch(std::vector<std::string> arguments) {
  if (arguments.empty()) {
    throw Error(ErrorKind::kUsage, "no command is given; kontext --help lists them");
  }
  std::string name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") return Print(Help()), 0;
  if (name == "--version") return Print(fmt::format("kontext {}\n", Version())), 0;
  // The original tool had no commands: flags alone mean push.
  if (name.starts_with("--")) {
    name = "push";
  } else {
    arguments.erase(arguments.begin());
  }
  for (const Command& command : Commands()) {
    if (name == command.name) return command.run(command, arguments);
  }
  throw Error(ErrorKind::kUsage, "'" + name + "' is no command; kontext --help lists them");
}

int Main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    int code = Dispatch({argv + 1, argv + argc});
    FlushOutput();
    return code;
  } catch (const Error& error) {
    Say(error.what());
    return error.kind() == ErrorKind::kUsage ? kUsage : kFailed;
  } catch (const std::exception& error) {
    Say(error.what());
    return kFailed;
  }
}

}  // namespace
}  // namespace kontext::cli

int main(int argc, char** argv) { return kontext::cli::Main(argc, argv); }
