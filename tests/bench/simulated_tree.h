// A source tree that lives: files with sizes and contents but no bytes, and what happens to it
// between two pushes.
#pragma once

#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "packer/plan/listing.h"
#include "tests/support/random.h"
#include "tests/support/tree_model.h"

namespace kontext {

struct SimulatedFile {
  uint64_t size = 0;
  uint64_t content = 0;  // which one
};

using SimulatedTree = std::map<std::string, SimulatedFile, PathLess>;

inline Digest DigestOfContent(uint64_t content) {
  Digest digest;
  for (size_t i = 0; i < Digest::kBytes; i += sizeof(content)) {
    content = (content ^ (content >> 31)) * 0x9e3779b97f4a7c15 + i;  // any mixing will do
    std::memcpy(digest.bytes + i, &content, sizeof(content));
  }
  return digest;
}

inline Listing ListingOf(const SimulatedTree& tree) {
  Listing listing;
  std::string open = "";  // the directory listed last
  for (const auto& [path, file] : tree) {
    for (size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
      std::string dir = path.substr(0, end);
      if (dir == open || IsUnder(open, dir)) continue;
      listing.Add(DirEntry(dir));
      open = dir;
    }
    IndexEntry entry;
    entry.path = path;
    entry.mode = 0644;
    entry.size = file.size;
    entry.sha256 = DigestOfContent(file.content);
    listing.Add(entry);
  }
  return listing;
}

// What a team does to a tree: edits of few files, mostly the same ones; bursts; renames; growth;
// mass deletes; switches between branches, which drift apart and are merged.
class SimulatedTeam {
 public:
  SimulatedTeam(Random* random, size_t files) : random_(*random), branches_(3) {
    for (size_t i = 0; i < files; ++i) AddFile("d" + std::to_string(i / 400));
    for (SimulatedTree& branch : branches_) branch = tree_;
  }

  const SimulatedTree& tree() const { return tree_; }

  // Does one thing and names it.
  const char* Act(bool only_edits) {
    size_t chance = only_edits ? 0 : random_.Below(100);
    if (chance < 62) return Edit(1 + random_.Below(4)), "edit";
    if (chance < 70) return Edit(50 + random_.Below(250)), "burst";
    if (chance < 78) return Rename(), "rename";
    if (chance < 90) return Grow(), "growth";
    if (chance < 92) return DeleteMany(), "mass delete";
    return Switch(), "branch switch";
  }

 private:
  // Sizes as in the kernel's source: median 5 KiB, mean 17 KiB.
  uint64_t NewSize() {
    double uniform = 0;
    for (int i = 0; i < 12; ++i) uniform += static_cast<double>(random_.Below(1000)) / 1000;
    return static_cast<uint64_t>(5000 * std::exp(1.55 * (uniform - 6)));
  }

  void AddFile(const std::string& dir) {
    std::string path = dir + "/s" + std::to_string(next_ % 16) + "/f" + std::to_string(next_);
    tree_[path] = {NewSize(), ++next_};
  }

  SimulatedTree::iterator Any() {
    auto found = tree_.lower_bound("d" + std::to_string(random_.Below(400)) + "/s" +
                                   std::to_string(random_.Below(16)));
    size_t steps = random_.Below(40);
    while (found != tree_.end() && steps-- > 0) ++found;
    return found == tree_.end() ? tree_.begin() : found;
  }

  // Half of all edits are of some fifty files.
  void Edit(size_t count) {
    while (hot_.size() < 50) hot_.push_back(Any()->first);
    for (; count > 0; --count) {
      auto file = random_.Percent(50) ? tree_.find(hot_[random_.Below(hot_.size())]) : Any();
      if (file == tree_.end()) file = Any();
      file->second.content = ++next_;
      file->second.size += random_.Below(200);
    }
    hot_[random_.Below(hot_.size())] = Any()->first;
  }

  std::string SomeDir() {
    const std::string& path = Any()->first;
    return path.substr(0, path.find('/'));
  }

  void Rename() {
    if (random_.Percent(60)) {
      auto node = tree_.extract(Any());
      node.key() += "r";
      tree_.insert(std::move(node));
      return;
    }
    std::string dir = SomeDir(), to = dir + "r";
    SimulatedTree moved;
    for (const auto& [path, file] : tree_) {
      bool under = IsUnder(path, dir);
      moved[under ? to + path.substr(dir.size()) : path] = file;
    }
    tree_ = std::move(moved);
  }

  void Grow() {
    std::string dir = random_.Percent(50) ? SomeDir() : "d" + std::to_string(random_.Below(400));
    for (size_t n = 1 + random_.Below(random_.Percent(10) ? 400 : 15); n > 0; --n) AddFile(dir);
  }

  void DeleteMany() {
    std::string dir = SomeDir();
    std::erase_if(tree_, [&](const auto& item) { return IsUnder(item.first, dir); });
    if (tree_.empty()) AddFile("d0");
  }

  void Switch() {
    branches_[branch_] = tree_;
    if (random_.Percent(25)) branches_[(branch_ + 1) % branches_.size()] = tree_;  // merged
    branch_ = random_.Below(branches_.size());
    tree_ = branches_[branch_];
  }

  Random& random_;
  uint64_t next_ = 0;
  SimulatedTree tree_;
  std::vector<SimulatedTree> branches_;
  size_t branch_ = 0;
  std::vector<std::string> hot_;
};

}  // namespace kontext
