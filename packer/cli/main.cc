#include <fmt/format.h>
#include <sys/prctl.h>

#include <csignal>
#include <exception>

#include "packer/cli/command.h"

namespace kontext::cli {
namespace {

constexpr int kUsage = 2;

std::string Help() {
  std::string text =
      "kontext ships a directory to a cluster through a container registry.\n\n"
      "Commands:\n";
  for (const Command& command : Commands()) {
    text += fmt::format("  kontext {:<16} {}\n", command.usage, command.summary);
  }
  return text +
         "\nREF is registry/repo[:tag], oci:DIR[:tag], docker-archive:FILE[:name[:tag]] or\n"
         "docker-daemon:name[:tag].\n"
         "kontext COMMAND --help tells more.\n";
}

// `trouble`: set to the command's exit code for a failure.
int Dispatch(std::vector<std::string> arguments, int* trouble) {
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
    if (name != command.name) continue;
    *trouble = command.trouble;
    return command.run(command, arguments);
  }
  throw Error(ErrorKind::kUsage, "'" + name + "' is no command; kontext --help lists them");
}

int Main(int argc, char** argv) {
  auto* on_hang_up = std::signal(SIGPIPE, SIG_IGN);
  int trouble = 1;
  // Passwords and tokens are in memory: no core file, and no other process of the user reads it.
  (void)prctl(PR_SET_DUMPABLE, 0);
  try {
    int code = Dispatch({argv + 1, argv + argc}, &trouble);
    FlushOutput();
    return code;
  } catch (const HungUp&) {
    // As programs end that leave the signal alone.
    std::signal(SIGPIPE, on_hang_up);
    (void)std::raise(SIGPIPE);
    return trouble;
  } catch (const Error& error) {
    Say(error.what());
    return error.kind() == ErrorKind::kUsage ? kUsage : trouble;
  } catch (const std::exception& error) {
    Say(error.what());
    return trouble;
  }
}

}  // namespace
}  // namespace kontext::cli

int main(int argc, char** argv) { return kontext::cli::Main(argc, argv); }
