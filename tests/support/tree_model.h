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

inline Node RandomNode(Random* random) {
  constexpr uint32_t kModes[] = {0644, 0755, 0600, 0444, 0700, 0777};
  Node node;
  size_t kind = random->Below(10);
  node.type = kind < 4 ? EntryType::kDir : kind < 9 ? EntryType::kFile : EntryType::kSymlink;
  if (node.type != EntryType::kSymlink) node.mode = kModes[random->Below(std::size(kModes))];
  if (node.type == EntryType::kSymlink) node.mode = 0;
  // Few contents, so that the same one comes at several paths.
  if (node.type != EntryType::kDir) node.text = std::string(1 + random->Below(6), 'x');
  return node;
}

// Few names, so that edits meet; some sort around '/', some are not storable in a layer.
inline std::string RandomName(Random* random) {
  static const std::vector<std::string> kNames = {
      "a", "b", "c", "a-", "a.b", "b0", "\xc3\xa9", "\xff", ".wh.a", "q\"\\", "\x01", "z z"};
  return kNames[random->Below(kNames.size())];
}

inline std::string RandomPath(Random* random, const Tree& tree) {
  std::vector<std::string> dirs = {""};
  for (const auto& [path, node] : tree) {
    if (node.type == EntryType::kDir) dirs.push_back(path + '/');
  }
  return dirs[random->Below(dirs.size())] + RandomName(random);
}

// One edit: sets, removes, or changes a mode.
inline void EditTree(Random* random, Tree* tree) {
  if (tree->empty() || random->Percent(60)) {
    return SetNode(tree, RandomPath(random, *tree), RandomNode(random));
  }
  auto chosen = std::next(tree->begin(), static_cast<long>(random->Below(tree->size())));
  std::string path = chosen->first;
  if (random->Percent(30) && chosen->second.type != EntryType::kSymlink) {
    chosen->second.mode = random->Percent(50) ? 0700 : 0644;
    return;
  }
  EraseBelow(tree, path);
  tree->erase(path);
}

}  // namespace kontext
