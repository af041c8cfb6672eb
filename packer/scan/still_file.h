// Whether a file can be read as one version: nobody is in the midst of writing it.
#pragma once

#include <sys/stat.h>

namespace kontext {

enum class Stillness {
  kStill,   // a write that begins from now on shows in the file's times
  kMoving,  // it was written to all the time
  kFailed,  // fstat failed: errno
};

// Was it left alone for so long that nobody needs to be waited for?
bool IsStill(const struct stat& info);

// Waits up to a second until nobody writes to a file that is open for reading only. `info`: its
// state when it was opened, then that from which on it is still. One that only grows, as a log
// does, counts as still.
Stillness WaitUntilStill(int fd, struct stat* info);

}  // namespace kontext
