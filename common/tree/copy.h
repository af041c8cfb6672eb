// Putting one regular file in place.
#pragma once

#include "common/tree/dir_node.h"
#include "common/tree/file_job.h"
#include "common/tree/run.h"
#include "common/tree/temp_name.h"

namespace kontext::tree {

// Leaves a file that has the right content as it is, but for its mode. Otherwise brings the
// content from its source to a new file beside it, hashing what it writes, and renames that over
// it if it is what the entry says. In a directory that the run made there is nothing to be kept:
// there the new file has its own name at once, but is nobody's to read until it is whole, and is
// removed if it is not what the entry says. `buffer` has kBufferSize bytes. False: reported, or
// the run was stopping; nothing half-written is left.
bool PutFile(Run* run, TempNames* temps, const FileJob& job, char* buffer);

}  // namespace kontext::tree
