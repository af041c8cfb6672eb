// Telling what is mounted from what is merely below.
#pragma once

namespace kontext {

// Is `name` of `dir_fd` (empty: itself) the root of a mount, of whatever file system? False as well
// where the kernel does not say (before Linux 5.8): compare st_dev, too.
bool IsMountRoot(int dir_fd, const char* name);

}  // namespace kontext
