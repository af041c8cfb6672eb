// Putting something finished in its place, whatever is there now.
#pragma once

#include "extractor/run.h"

namespace kontext::extractor {

// Renames `temp` of `dir_fd` to `name`, replacing a file or symlink at once; a directory in the
// way is removed first. False: errno is set, `temp` is still there.
bool RenameOver(const Run& run, int dir_fd, const char* temp, const char* name);

}  // namespace kontext::extractor
