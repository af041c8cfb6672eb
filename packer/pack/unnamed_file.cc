#include "packer/pack/unnamed_file.h"

#include <fcntl.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "packer/error.h"

namespace kontext {

UniqueFd OpenUnnamedFile() {
  const char* set = getenv("TMPDIR");
  std::string dir = set != nullptr && *set != '\0' ? set : "/tmp";
  UniqueFd file(open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file.valid()) return file;
  // Not every file system knows O_TMPFILE.
  std::string name = dir + "/kontext-XXXXXX";
  file = UniqueFd(mkostemp(name.data(), O_CLOEXEC));
  if (!file.valid()) {
    throw Error(ErrorKind::kIo, "cannot write in " + dir + ": " + std::strerror(errno) +
                                    "; set TMPDIR to a folder with room");
  }
  unlink(name.c_str());
  return file;
}

}  // namespace kontext
