#include "common/file_limit.h"

#include <sys/resource.h>

namespace kontext {

void RaiseFileLimit() {
  rlimit limit;
  if (prlimit(0, RLIMIT_NOFILE, nullptr, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  prlimit(0, RLIMIT_NOFILE, &limit, nullptr);
}

}  // namespace kontext
