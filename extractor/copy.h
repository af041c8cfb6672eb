// Putting one regular file in place.
#pragma once

#include "extractor/dir_node.h"
#include "extractor/file_job.h"
#include "extractor/run.h"
#include "extractor/temp_name.h"

namespace kontext::extractor {

// Leaves a file that has the right content as it is, but for its mode. Otherwise copies the
// content from the image to a new file beside it, hashing what it writes, and renames that over
// it if it is what the entry says. `buffer` has kBufferSize bytes. False: reported, or the run
// was stopping; nothing half-written is left.
bool PutFile(Run* run, TempNames* temps, const FileJob& job, char* buffer);

}  // namespace kontext::extractor
