// An unnamed temporary file: it is gone when it is closed, however the program ends.
#pragma once

#include "common/fd.h"

namespace kontext {

// In TMPDIR, else /tmp. Throws Error(kIo).
UniqueFd OpenUnnamedFile();

}  // namespace kontext
