// What git would track of a directory: asked of git itself.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace kontext {

// The files that git tracks below a directory, and those that it does not ignore: also in
// submodules that are checked out and in repositories that lie in it. The directory may be any
// folder of a repository or of one of its worktrees. Asking is const.
class GitFiles {
 public:
  // Runs git. Throws Error naming `directory` when git is not there, when the directory is in no
  // repository, when git refuses it: the sentence says what to do.
  explicit GitFiles(const std::string& directory);
  GitFiles(const GitFiles&) = delete;
  GitFiles& operator=(const GitFiles&) = delete;

  // A file or a symlink. What git tracks and is gone from the disk counts too.
  bool Has(std::string_view path) const;
  // Is there any such file below the directory `path`?
  bool HasBelow(std::string_view path) const;
  bool empty() const { return paths_.empty(); }

 private:
  class Reader;

  std::deque<std::string> text_;         // what paths_ point into
  std::vector<std::string_view> paths_;  // sorted
};

}  // namespace kontext
