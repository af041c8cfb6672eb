#include "packer/plan/compare.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "common/path.h"
#include "packer/plan/merged.h"
#include "packer/plan/moves.h"

namespace kontext {
namespace {

class Comparison {
 public:
  Comparison(const Listing& before, const Listing& after, const std::vector<bool>& stored)
      : sides_{before, after, std::vector<bool>(before.entries().size()),
               std::vector<bool>(after.entries().size())},
        before_(before.entries()),
        after_(after.entries()),
        stored_(stored) {}

  std::vector<Change> Run() {
    Match();
    from_ = PairMoves(sides_);
    to_.assign(before_.size(), kNoEntry);
    for (uint32_t i = 0; i < after_.size(); ++i) {
      if (from_[i] != kNoEntry) to_[from_[i]] = i;
    }
    FoldDirectories();
    RememberContents();
    for (uint32_t i = 0; i < before_.size(); ++i) {
      if (sides_.gone[i] && to_[i] == kNoEntry) Removed(before_[i]);
    }
    for (uint32_t i = 0; i < after_.size(); ++i) {
      if (sides_.fresh[i]) New(i);
    }
    std::sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
      if (a.sent != b.sent) return a.sent > b.sent;
      if (a.bytes != b.bytes) return a.bytes > b.bytes;
      return ComparePaths(a.path, b.path) < 0;
    });
    return std::move(changes_);
  }

 private:
  void Match() {
    uint32_t i = 0, j = 0;
    while (i < before_.size() || j < after_.size()) {
      int order = i == before_.size()  ? 1
                  : j == after_.size() ? -1
                                       : ComparePaths(before_[i].path, after_[j].path);
      if (order == 0) MatchPath(before_[i], j);
      if (order < 0) sides_.gone[i] = true;
      if (order > 0) sides_.fresh[j] = true;
      if (order <= 0) ++i;
      if (order >= 0) ++j;
    }
  }

  void MatchPath(const IndexEntry& old, uint32_t position) {
    const IndexEntry& now = after_[position];
    if (old.type != now.type) {
      AddAfter(ChangeKind::kType, position);
    } else if (now.type == EntryType::kSymlink) {
      if (old.target != now.target) AddAfter(ChangeKind::kTarget, position);
    } else if (now.type == EntryType::kFile && old.sha256 != now.sha256) {
      AddAfter(ChangeKind::kChanged, position);
    } else if (old.mode != now.mode) {
      AddAfter(ChangeKind::kMode, position);
    }
  }

  void Count(uint32_t position, Change* change) const {
    if (after_[position].type != EntryType::kFile) return;
    ++change->files;
    change->bytes += after_[position].size;
    if (stored_[position]) change->sent += after_[position].size;
  }

  void AddAfter(ChangeKind kind, uint32_t position, std::string_view from = {}) {
    Change& change = changes_.emplace_back();
    change.kind = kind;
    change.type = after_[position].type;
    change.path = after_[position].path;
    change.from = from;
    Count(position, &change);
  }

  void Removed(const IndexEntry& entry) {
    bool file = entry.type == EntryType::kFile;
    changes_.push_back({ChangeKind::kRemoved,
                        entry.type,
                        entry.path,
                        {},
                        file ? 1U : 0U,
                        file ? entry.size : 0,
                        0});
  }

  // One past the last entry below a directory of `before`.
  uint32_t EndBelow(uint32_t dir) const {
    uint32_t end = dir + 1;
    while (end < before_.size() && IsUnder(before_[end].path, before_[dir].path)) ++end;
    return end;
  }

  void FoldDirectories() {
    std::vector<uint32_t> next_file(before_.size() + 1, kNoEntry);  // at or after a position
    for (size_t i = before_.size(); i-- > 0;) {
      bool file = before_[i].type == EntryType::kFile;
      next_file[i] = file ? static_cast<uint32_t>(i) : next_file[i + 1];
    }
    for (uint32_t i = 0; i < before_.size(); ++i) {
      if (!sides_.gone[i] || before_[i].type != EntryType::kDir) continue;
      // Most directories that are gone did not move: their first file tells.
      uint32_t file = next_file[i + 1];
      if (file == kNoEntry || to_[file] == kNoEntry) continue;
      uint32_t end = EndBelow(i);
      uint32_t target = TargetOf(i, end);
      if (target == kNoEntry) continue;
      FoldDirectory(i, end, target);
      i = end - 1;
    }
  }

  // The new directory that has every file of [dir, end) under its name, or kNoEntry.
  uint32_t TargetOf(uint32_t dir, uint32_t end) const {
    std::string_view target;
    for (uint32_t i = dir + 1; i < end; ++i) {
      if (before_[i].type != EntryType::kFile) continue;
      if (to_[i] == kNoEntry) return kNoEntry;
      std::string_view rest = before_[i].path.substr(before_[dir].path.size());
      std::string_view path = after_[to_[i]].path;
      if (path.size() <= rest.size() || !path.ends_with(rest)) return kNoEntry;
      path.remove_suffix(rest.size());
      if (!target.empty() && path != target) return kNoEntry;
      target = path;
    }
    if (target.empty()) return kNoEntry;
    uint32_t found = FindEntry(sides_.after, target);
    return found != kNoEntry && sides_.fresh[found] ? found : kNoEntry;
  }

  void FoldDirectory(uint32_t dir, uint32_t end, uint32_t target) {
    Change change;
    change.kind = ChangeKind::kMoved;
    change.type = EntryType::kDir;
    change.path = after_[target].path;
    change.from = before_[dir].path;
    for (uint32_t i = dir; i < end; ++i) {
      uint32_t there = to_[i];
      if (there == kNoEntry) there = Counterpart(before_[i], before_[dir].path, change.path);
      if (there == kNoEntry) continue;
      Count(there, &change);
      sides_.gone[i] = false;
      sides_.fresh[there] = false;
    }
    changes_.push_back(change);
  }

  // What became, with its directory, of what is no file.
  uint32_t Counterpart(const IndexEntry& old, std::string_view from, std::string_view to) const {
    std::string path(to);
    path.append(old.path.substr(from.size()));
    uint32_t found = FindEntry(sides_.after, path);
    if (found == kNoEntry || !sides_.fresh[found]) return kNoEntry;
    const IndexEntry& now = after_[found];
    return now.type == old.type && now.target == old.target ? found : kNoEntry;
  }

  // Where each content was; rather at a path that is still there.
  void RememberContents() {
    for (bool gone : {false, true}) {
      for (uint32_t i = 0; i < before_.size(); ++i) {
        const IndexEntry& entry = before_[i];
        if (entry.type != EntryType::kFile || entry.size == 0) continue;
        bool is_gone = sides_.gone[i] || to_[i] != kNoEntry;
        if (is_gone == gone) contents_.try_emplace(entry.sha256, entry.path);
      }
    }
  }

  void New(uint32_t position) {
    const IndexEntry& entry = after_[position];
    if (from_[position] != kNoEntry) {
      return AddAfter(ChangeKind::kMoved, position, before_[from_[position]].path);
    }
    auto found = entry.type == EntryType::kFile ? contents_.find(entry.sha256) : contents_.end();
    if (found == contents_.end()) return AddAfter(ChangeKind::kAdded, position);
    AddAfter(ChangeKind::kCopied, position, found->second);
  }

  Sides sides_;  // without what is told already
  const std::vector<IndexEntry>& before_;
  const std::vector<IndexEntry>& after_;
  const std::vector<bool>& stored_;
  std::vector<uint32_t> from_;  // of each entry of `after`: the gone file that it is
  std::vector<uint32_t> to_;    // the inverse
  std::unordered_map<Digest, std::string_view, DigestHash> contents_;
  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> Compare(const Listing& before, const Listing& after,
                            const std::vector<bool>& stored) {
  return Comparison(before, after, stored).Run();
}

}  // namespace kontext
