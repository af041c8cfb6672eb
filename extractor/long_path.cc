#include "extractor/long_path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <utility>

#include "common/fd.h"

namespace kontext::extractor {

int OpenLong(int dir_fd, std::string_view path, int flags) {
  char step[4096];  // PATH_MAX, with its NUL
  UniqueFd dir;
  while (path.size() >= sizeof step) {
    size_t slash = path.rfind('/', sizeof step - 1);
    if (slash == std::string_view::npos || slash == 0) {
      errno = ENAMETOOLONG;
      return -1;
    }
    memcpy(step, path.data(), slash);
    step[slash] = '\0';
    int from = dir.valid() ? dir.get() : dir_fd;
    UniqueFd next(openat(from, step, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!next.valid()) return -1;
    dir = std::move(next);
    path.remove_prefix(slash + 1);
  }
  memcpy(step, path.data(), path.size());
  step[path.size()] = '\0';
  return openat(dir.valid() ? dir.get() : dir_fd, step, flags);
}

}  // namespace kontext::extractor
