#include <cstdio>

#include "packer/cli/command.h"
#include "packer/cli/terminal.h"

namespace kontext::cli {
namespace po = boost::program_options;

namespace {

constexpr size_t kMaxPassword = 64 * 1024;

// All of standard input but for one line break at its end.
std::string ReadPassword() {
  std::string password(kMaxPassword + 1, '\0');
  password.resize(std::fread(password.data(), 1, password.size(), stdin));
  if (password.size() > kMaxPassword) throw Error(ErrorKind::kUsage, "the password is too long");
  if (password.ends_with('\n')) password.pop_back();
  if (password.ends_with('\r')) password.pop_back();
  return password;
}

}  // namespace

int RunLogin(const Command& command, const std::vector<std::string>& arguments) {
  po::options_description flags;
  flags.add_options()("username,u", po::value<std::string>(), "asked for when not given");
  flags.add_options()("password-stdin", "read the password from standard input");
  po::variables_map values;
  if (!Parse(command, arguments, flags, {"REGISTRY"}, &values)) return 0;
  std::string registry = Required(command, values, "REGISTRY");
  bool from_stdin = values.count("password-stdin") > 0;
  bool has_name = values.count("username") > 0;
  if (from_stdin ? !has_name : !CanAsk()) {
    throw Error(ErrorKind::kUsage, from_stdin ? "--password-stdin needs --username"
                                              : "there is no terminal to ask for a password: give "
                                                "--username and --password-stdin");
  }
  std::string username = has_name ? Required(command, values, "username") : Ask("User: ", false);
  std::string password = from_stdin ? ReadPassword() : Ask("Password: ", true);
  std::string place = Login(registry, username, password, CommonOptions(values));
  if (values.count("quiet") == 0) Say("logged in to " + registry + ", kept in " + place);
  return 0;
}

}  // namespace kontext::cli
