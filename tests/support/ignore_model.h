// Ignore rules of the simplest kinds, and what they leave of a tree, said without patterns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/tree_model.h"

namespace kontext {

// "NAME" or, at any depth, "**/NAME".
struct IgnoreLine {
  bool include = false;
  bool anywhere = false;
  std::string path;

  std::string Text() const {
    return std::string(include ? "!" : "") + (anywhere ? "**/" : "") + path + '\n';
  }
  bool Matches(std::string_view other) const {
    return other == path || (anywhere && NameOf(other) == path);
  }
};

inline std::vector<IgnoreLine> RandomIgnoreLines(Random* random) {
  static const std::vector<std::string> kNames = {"a", "b", "c", "a.b", "b0", "a-"};
  std::vector<IgnoreLine> lines;
  for (size_t count = random->Below(4); count > 0; --count) {
    IgnoreLine line{random->Percent(35), random->Percent(50), kNames[random->Below(6)]};
    if (!line.anywhere && random->Percent(50)) line.path += '/' + kNames[random->Below(6)];
    lines.push_back(line);
  }
  return lines;
}

// As README.md says it: the last rule that matches a path, or a directory that it lies in, decides;
// the directories that lead to what is kept are kept. What is called .git goes.
inline bool IsLeftOut(const std::vector<IgnoreLine>& lines, std::string_view path) {
  std::vector<IgnoreLine> all = {{false, true, ".git"}};
  all.insert(all.end(), lines.begin(), lines.end());
  bool out = false;
  for (const IgnoreLine& line : all) {
    for (std::string_view at = path; !at.empty(); at = ParentOf(at)) {
      if (line.Matches(at)) out = !line.include;
    }
  }
  return out;
}

inline Tree WhatIsKept(const std::vector<IgnoreLine>& lines, const Tree& tree) {
  Tree kept;
  for (const auto& [path, node] : tree) {
    if (IsLeftOut(lines, path)) continue;
    for (std::string_view dir = ParentOf(path); !dir.empty(); dir = ParentOf(dir)) {
      kept.insert(*tree.find(dir));
    }
    kept[path] = node;
  }
  return kept;
}

}  // namespace kontext
