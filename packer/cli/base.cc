#include "packer/cli/command.h"

namespace kontext::cli {
namespace po = boost::program_options;

int RunBase(const Command& command, const std::vector<std::string>& arguments) {
  po::variables_map values;
  if (!Parse(command, arguments, {}, {"REF"}, &values)) return 0;
  Print(PushBase(Required(command, values, "REF"), CommonOptions(values)) + '\n');
  return 0;
}

}  // namespace kontext::cli
