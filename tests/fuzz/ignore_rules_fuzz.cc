// Ignore files. An input's first line holds paths with '|' between them, the rest is the file.
#include <algorithm>

#include "common/path.h"
#include "packer/scan/ignore_rules.h"
#include "tests/fuzz/fuzz.h"
#include "tests/packer/scan/slow_glob.h"

namespace kontext {
namespace {

using Paths = std::vector<std::string>;

// The paths, and the directories that they lie in.
Paths PathsOf(std::string_view line) {
  constexpr size_t kMostPaths = 16;
  Paths paths;
  for (const std::string& path : Parts(line, "|")) {
    if (paths.size() < kMostPaths && PathProblem(path) == nullptr) paths.push_back(path);
  }
  for (size_t i = 0; i < paths.size() && i < 4 * kMostPaths; ++i) {
    std::string parent(ParentOf(paths[i]));
    if (!parent.empty()) paths.push_back(parent);
  }
  return paths;
}

void CheckVerdicts(const IgnoreRules& rules, const Paths& paths) {
  for (const std::string& dir : paths) {
    const IgnoreRule* why = rules.Why(dir);
    bool kept = rules.Check(dir, false) == Verdict::kKeep;
    Require(kept == (why == nullptr || why->exception), "a verdict is the deciding rule's");
    Verdict verdict = rules.Check(dir, true);
    Require(kept == (verdict == Verdict::kKeep), "a rule is for files and directories");
    if (verdict != Verdict::kLeaveOutWithAllBelow) continue;
    for (const std::string& path : paths) {
      if (!IsUnder(path, dir)) continue;
      Require(rules.Check(path, false) != Verdict::kKeep, "nothing is kept below what is not read");
    }
  }
}

// The slow matcher tries everything: short ones only.
bool IsSmall(std::string_view pattern, std::string_view path) {
  constexpr size_t kMost = 24;
  return pattern.size() <= kMost && path.size() <= kMost &&
         std::count(pattern.begin(), pattern.end(), '*') <= 4;
}

void CheckGlob(const std::string& pattern, const Paths& paths) {
  std::string problem;
  std::optional<Glob> glob = Glob::Compile(pattern, &problem);
  Require(glob.has_value() == problem.empty(), "a pattern compiles, or it has a problem");
  if (!glob || pattern.empty()) return;
  for (const std::string& path : paths) {
    uint64_t work = 0;
    bool matches = glob->Matches(path, &work);
    Require(work <= (path.size() + 1) * (pattern.size() + 2), "work is bounded");
    if (IsSmall(pattern, path)) {
      Require(matches == SlowGlob(pattern, path), "a pattern matches as the slow matcher says");
    }
    std::string dir(ParentOf(path));
    if (dir.empty() || !matches || glob->Matches(dir)) continue;
    Require(glob->MayMatchBelow(dir), "what matches below a directory may match there");
  }
}

}  // namespace
}  // namespace kontext

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kontext;
  std::string_view text = TextOf(data, size);
  Paths paths = PathsOf(TakePart(&text, "\n"));
  for (bool leave_out_git : {false, true}) {
    IgnoreRules rules;
    if (leave_out_git) rules.LeaveOutGit();
    if (Accepts([&] { rules.AddText(text, "ignore"); })) CheckVerdicts(rules, paths);
  }
  std::vector<std::string> lines = Parts(text, "\n");
  for (const std::string& line : lines) CheckGlob(line, paths);
  if (lines.empty()) return 0;
  // Taken as an option of the command line.
  IgnoreRules rules;
  if (Accepts([&] { rules.Add(lines[0], size % 2 == 0, "--exclude"); }))
    CheckVerdicts(rules, paths);
  return 0;
}
