// Opening paths of any length: an entry's may be longer than one system call takes.
#pragma once

#include <string_view>

namespace kontext::extractor {

// openat(2) of a path below `dir_fd`, in steps where it is longer than PATH_MAX. -1: errno is set.
int OpenLong(int dir_fd, std::string_view path, int flags);

}  // namespace kontext::extractor
