// A tree in memory and random edits of it: what listings, folds and deltas are compared with.
#pragma once

#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "common/path.h"
#include "tests/support/index_text.h"
#include "tests/support/random.h"

namespace kontext {

struct Node {
  EntryType type = EntryType::kFile;
  uint32_t mode = 0644;
  std::string text;  // a file's content, a link's target
  friend bool operator==(const Node&, const Node&) = default;
};

struct PathLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return ComparePaths(a, b) < 0; }
};

// By path, in the order of an index.
using Tree = std::map<std::string, Node, PathLess>;

// Views point into the arguments.
inline IndexEntry EntryOf(const std::string& path, const Node& node) {
  if (node.type == EntryType::kDir) return DirEntry(path, node.mode);
  if (node.type == EntryType::kSymlink) return LinkEntry(path, node.text);
  IndexEntry entry = FileEntry(path, node.text);
  entry.mode = node.mode;
  return entry;
}

// The canonical listing.
inline std::string ListingTextOf(const Tree& tree) {
  std::string text;
  for (const auto& [path, node] : tree) text += ListingLineOf(EntryOf(path, node));
  return text;
}

inline void EraseBelow(Tree* tree, const std::string& path) {
  std::erase_if(*tree, [&](const auto& item) { return IsUnder(item.first, path); });
}

// Sets a path whose parent is there.
inline void SetNode(Tree* tree, const std::string& path, const Node& node) {
  if (node.type != EntryType::kDir) EraseBelow(tree, path);
  (*tree)[path] = node;
}

inline std::string RandomTarget(Random* random) {
  static const std::vector<std::string> kTargets = {"/etc/passwd",
                                                    "nowhere/at/all",
                                                    ".",
                                                    "..",
                                                    "../../../../..",
                                                    "a",
                                                    "a/b",
                                                    "\xff\xfe",
                                                    "a\nb ",
                                                    "/dev/stdin",
                                                    "./a/../a/./",
                                                    "\\\"",
                                                    std::string(4095, 't'),
                                                    std::string(101, 'u')};
  if (random->Percent(50)) return std::string(1 + random->Below(6), 'x');
  return kTargets[random->Below(kTargets.size())];
}

inline Node RandomNode(Random* random) {
  constexpr uint32_t kModes[] = {0644, 0755, 0600, 0444, 0700, 0777, 0555, 0000, 0111, 0222};
  Node node;
  size_t kind = random->Below(10);
  node.type = kind < 4 ? EntryType::kDir : kind < 9 ? EntryType::kFile : EntryType::kSymlink;
  if (node.type != EntryType::kSymlink) node.mode = kModes[random->Below(std::size(kModes))];
  if (node.type == EntryType::kSymlink) node = {node.type, 0, RandomTarget(random)};
  // Few contents, so that the same one comes at several paths.
  if (node.type == EntryType::kFile) node.text = std::string(random->Below(7), 'x');
  return node;
}

// Few names, so that edits meet; some sort around '/', some are not storable in a layer. Now and
// then one of those that are hard on somebody.
inline std::string RandomName(Random* random) {
  static const std::vector<std::string> kNames = {
      "a", "b", "c", "a-", "a.b", "b0", "\xc3\xa9", "\xff", ".wh.a", "q\"\\", "\x01", "z z"};
  static const std::vector<std::string> kHard = {std::string(255, 'n'),
                                                 std::string(252, 'n'),
                                                 std::string(251, 'n'),
                                                 ".wh.",
                                                 ".wh..wh..opq",
                                                 ".wh..wh.plnk",
                                                 "new\nline",
                                                 "end ",
                                                 " ",
                                                 "\t",
                                                 "back\\slash",
                                                 "-rf",
                                                 "*",
                                                 "[a]",
                                                 "...",
                                                 "..a",
                                                 "\x7f",
                                                 "\xed\xa0\x80",      // a surrogate
                                                 "\xc0\xaf",          // '/' in two bytes
                                                 "\xe2\x80\xa8",      // a line separator
                                                 "\xf0\x9f\x92\xa9",  // four bytes
                                                 "e\xcc\x81",         // an accent of its own
                                                 "PaxHeader",
                                                 "manifest.json",
                                                 ".kontext-0123456789abcdef-0000000000000001.tmp"};
  if (random->Percent(15)) return kHard[random->Below(kHard.size())];
  return kNames[random->Below(kNames.size())];
}

inline std::vector<std::string> DirsOf(const Tree& tree) {
  std::vector<std::string> dirs = {""};
  for (const auto& [path, node] : tree) {
    if (node.type == EntryType::kDir) dirs.push_back(path + '/');
  }
  return dirs;
}

inline std::string RandomPath(Random* random, const Tree& tree) {
  std::vector<std::string> dirs = DirsOf(tree);
  return dirs[random->Below(dirs.size())] + RandomName(random);
}

// What an edit did. A rename takes along what is below and replaces what was in its place.
struct Edit {
  enum Kind { kSet, kMode, kRemove, kRename } kind = kSet;
  std::string path;
  std::string to;
};

// Moves a path and all below; `to` is neither below `path` nor above it.
inline void RenameNode(Tree* tree, const std::string& path, const std::string& to) {
  Tree moved;
  for (const auto& [old, node] : *tree) {
    if (old == path || IsUnder(old, path)) moved[to + old.substr(path.size())] = node;
  }
  for (const std::string& gone : {path, to}) {
    EraseBelow(tree, gone);
    tree->erase(gone);
  }
  tree->merge(moved);
}

// One edit: sets, removes, renames, or changes a mode.
inline Edit EditTree(Random* random, Tree* tree) {
  if (tree->empty() || random->Percent(55)) {
    std::string path = RandomPath(random, *tree);
    SetNode(tree, path, RandomNode(random));
    return {Edit::kSet, path, ""};
  }
  auto chosen = std::next(tree->begin(), static_cast<long>(random->Below(tree->size())));
  std::string path = chosen->first;
  if (random->Percent(25) && chosen->second.type != EntryType::kSymlink) {
    chosen->second.mode = random->Percent(50) ? 0700 : 0644;
    return {Edit::kMode, path, ""};
  }
  std::string to = RandomPath(random, *tree);
  if (random->Percent(35) && to != path && !IsUnder(to, path) && !IsUnder(path, to)) {
    RenameNode(tree, path, to);
    return {Edit::kRename, path, to};
  }
  EraseBelow(tree, path);
  tree->erase(path);
  return {Edit::kRemove, path, ""};
}

}  // namespace kontext
