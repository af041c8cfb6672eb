// Opens what is below a directory without ever following a symbolic link.
#pragma once

#include <string_view>

#include "common/fd.h"

namespace kontext {

// Opens `path`, relative to the directory `root` and of any length; the path's components are no
// links, "." or "..". `flags` are open(2)'s. Not valid: errno is set, to ELOOP or ENOTDIR where a
// link is in the way. Uses openat2 (Linux 5.6) where there is one, else a step for each component.
UniqueFd OpenBelow(int root, std::string_view path, int flags);

}  // namespace kontext
