#include "packer/leftover.h"

#include <fcntl.h>

#include "common/fd.h"
#include "common/tree/leftover.h"
#include "common/tree/temp_name.h"

namespace kontext {

std::string NewTempName() {
  static tree::TempNames names;  // as constant as a process id, but for its counter
  char name[tree::TempNames::kSize];
  names.Next(name);
  return name;
}

bool IsTempName(std::string_view name) { return tree::TempNames::IsOne(std::string(name).c_str()); }

void RemoveLeftovers(int folder) {
  tree::Run run{tree::RunOptions()};
  tree::RemoveLeftovers(run, folder);
}

void RemoveLeftoversIn(const std::string& folder) {
  UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.valid()) RemoveLeftovers(fd.get());
}

}  // namespace kontext
