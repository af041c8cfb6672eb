// What an ignore file leaves out: the patterns of .dockerignore, as Docker's documentation defines
// them. Pure: no I/O.
//
// The last rule that matches a path, or a directory that it lies in, decides on it; "!" in front of
// a pattern makes a rule an exception. Docker's builders walk a directory with short cuts of their
// own, each release with others; here every path is decided by the rules alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/digest.h"
#include "packer/scan/context.h"
#include "packer/scan/glob.h"

namespace kontext {

// What can be read: an ignore file has some dozen lines. Beyond it something else is meant.
inline constexpr size_t kMaxIgnoreFile = 1 << 20;
inline constexpr size_t kMaxIgnoreRules = 10000;

struct IgnoreRule {
  std::string text;    // as it was written, without the white space around it
  std::string source;  // the file or the option that it comes from
  size_t line = 0;     // in that file, from 1; 0: not from a file
  bool exception = false;
};

// "*.o (.dockerignore:3)"
std::string ToString(const IgnoreRule& rule);

// Is it called .git, or in what is?
bool IsOfGit(std::string_view path);

// Asking is const and may be done by any number of threads.
class IgnoreRules {
 public:
  // Leaves out what is called .git, at any depth: a folder, or the file of a submodule or worktree.
  // An exception brings it back when .git is a component of its pattern: "!src" is not about .git.
  void LeaveOutGit();

  // Leaves out this one path with all below it, whatever is in its name. `why`: as IgnoreRule's
  // source.
  void LeaveOutPath(std::string_view path, const std::string& why);

  // Adds the rules of an ignore file's text. Throws Error(kFormat) naming file, line and rule.
  void AddText(std::string_view text, const std::string& file);

  // Adds one rule: a pattern, behind "!" if `exception`. Nothing in it is a comment. Throws
  // Error(kUsage) that begins with `source`.
  void Add(std::string_view pattern, bool exception, const std::string& source);

  // kLeaveOutWithAllBelow for a directory that no exception can match anything below of.
  Verdict Check(std::string_view path, bool is_dir) const;

  // The rule that decides on a path; null when none matches, then it is kept.
  const IgnoreRule* Why(std::string_view path) const;

  bool empty() const { return rules_.empty(); }

  // Rules with the same name give the same verdicts.
  Digest Name() const;

 private:
  struct Compiled {
    IgnoreRule rule;
    Glob glob;
    bool names_git;
  };

  void AddLine(std::string_view line, const std::string& source, size_t number);
  void AddRule(std::string_view pattern, IgnoreRule rule);
  const Compiled* Decide(std::string_view path) const;
  bool MayKeepBelow(std::string_view dir, const Compiled* decisive) const;

  std::vector<Compiled> rules_;
  bool leaves_out_git_ = false;
};

}  // namespace kontext
