#include "packer/scan/open_below.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace kontext {
namespace {

// The kernel takes no path of PATH_MAX bytes or more in one call.
constexpr size_t kStep = 4000;
constexpr int kStepFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

int OpenNoLinks(int dir, const char* path, int flags) {
  struct open_how how = {};
  how.flags = static_cast<uint64_t>(flags);
  how.resolve = RESOLVE_NO_SYMLINKS;
  return static_cast<int>(syscall(SYS_openat2, dir, path, &how, sizeof(how)));
}

// Opens `path` in pieces of at most `step` bytes, one component at least.
template <typename Open>
UniqueFd OpenInSteps(int root, std::string_view path, int flags, size_t step, Open open) {
  UniqueFd dir;
  auto from = [&] { return dir.valid() ? dir.get() : root; };
  while (path.size() > step) {
    size_t cut = path.rfind('/', step);
    if (cut == std::string_view::npos) cut = path.find('/');
    if (cut == std::string_view::npos) break;
    dir = UniqueFd(open(from(), std::string(path.substr(0, cut)).c_str(), kStepFlags));
    if (!dir.valid()) return dir;
    path.remove_prefix(cut + 1);
  }
  return UniqueFd(open(from(), std::string(path).c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
}

}  // namespace

UniqueFd OpenBelow(int root, std::string_view path, int flags) {
  UniqueFd found = OpenInSteps(root, path, flags, kStep, OpenNoLinks);
  // A sandbox that does not know openat2 says EPERM.
  if (found.valid() || (errno != ENOSYS && errno != EPERM)) return found;
  auto open_one = [](int dir, const char* name, int how) { return openat(dir, name, how); };
  return OpenInSteps(root, path, flags, 0, open_one);
}

}  // namespace kontext
