#include "packer/cli/command.h"

namespace kontext::cli {
namespace po = boost::program_options;

int RunLs(const Command& command, const std::vector<std::string>& arguments) {
  po::options_description flags;
  flags.add_options()("json", "JSON Lines in canonical form: their sha256 is the tree digest");
  po::variables_map values;
  if (!Parse(command, arguments, flags, {"REF"}, &values)) return 0;
  List(Required(command, values, "REF"), CommonOptions(values), values.count("json") > 0, &Print);
  return 0;
}

}  // namespace kontext::cli
