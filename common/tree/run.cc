#include "common/tree/run.h"

#include <errno.h>
#include <string.h>

namespace kontext::tree {

bool Run::Fail(std::string_view path, std::string_view what, int error) {
  return FailAt("", path, what, error);
}

bool Run::FailAt(std::string_view dir, std::string_view name, std::string_view what, int error) {
  if (failed_.Exchange(true)) return false;
  report().Say([&](Line& line) {
    line.Name(options_.target);
    bool slash = options_.target.empty() || options_.target.back() != '/';
    if (!dir.empty()) line.Text(slash ? "/" : "").Name(dir);
    if (!name.empty()) line.Text(slash || !dir.empty() ? "/" : "").Name(name);
    line.Text(": ").Text(what);
    if (error == 0) return;
    // See RemoveAt.
    bool mounted = error == EXDEV;
    line.Text(": ").Text(mounted ? "a file system is mounted there or below" : strerror(error));
  });
  return false;
}

bool Run::Stopping() const {
  if (failed_.Load()) return true;
  return options_.is_stopped != nullptr && options_.is_stopped(options_.stop_context);
}

}  // namespace kontext::tree
