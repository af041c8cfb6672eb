#include "packer/cli/command.h"

namespace kontext::cli {
namespace po = boost::program_options;

int RunLogout(const Command& command, const std::vector<std::string>& arguments) {
  po::variables_map values;
  if (!Parse(command, arguments, {}, {"REGISTRY"}, &values)) return 0;
  std::string registry = Required(command, values, "REGISTRY");
  bool had = Logout(registry, CommonOptions(values));
  if (values.count("quiet") == 0) {
    Say(had ? "credentials for " + registry + " are forgotten" : "not logged in to " + registry);
  }
  return 0;
}

}  // namespace kontext::cli
