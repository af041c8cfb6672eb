#include "packer/cli/command.h"

namespace kontext::cli {
namespace po = boost::program_options;

int RunRm(const Command& command, const std::vector<std::string>& arguments) {
  po::variables_map values;
  if (!Parse(command, arguments, {}, {"REF..."}, &values)) return 0;
  std::vector<std::string> references = RequiredList(command, values, "REF");
  std::vector<std::optional<Error>> failures = Remove(references, CommonOptions(values));
  int code = 0;
  for (size_t i = 0; i < references.size(); ++i) {
    if (failures[i]) {
      code = 1;
      Say(failures[i]->what());
    } else if (values.count("quiet") == 0) {
      Say(references[i] + " is removed");
    }
  }
  return code;
}

}  // namespace kontext::cli
