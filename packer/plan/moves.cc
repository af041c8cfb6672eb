#include "packer/plan/moves.h"

#include <algorithm>
#include <deque>
#include <string>
#include <unordered_map>

#include "common/path.h"
#include "packer/plan/merged.h"

namespace kontext {
namespace {

class Pairing {
 public:
  explicit Pairing(const Sides& sides)
      : sides_(sides),
        before_(sides.before.entries()),
        after_(sides.after.entries()),
        from_(after_.size(), kNoEntry),
        taken_(before_.size()) {}

  std::vector<uint32_t> Run() {
    Gather();
    for (uint32_t i : fresh_) PairUnique(i);
    for (uint32_t i : fresh_) PairByDirectory(i);
    PairByKey([](const IndexEntry& file) { return ContentOf(file).append(NameOf(file.path)); });
    PairByKey([](const IndexEntry& file) { return file.size > 0 ? ContentOf(file) : ""; });
    return std::move(from_);
  }

 private:
  struct Content {
    uint32_t gone = 0, fresh = 0;  // how many files
    uint32_t last_gone = kNoEntry;
  };

  static std::string ContentOf(const IndexEntry& file) {
    return std::string(reinterpret_cast<const char*>(file.sha256.bytes), sizeof(file.sha256.bytes));
  }

  void Gather() {
    for (uint32_t i = 0; i < before_.size(); ++i) {
      if (!sides_.gone[i] || before_[i].type != EntryType::kFile) continue;
      gone_.push_back(i);
      Content& content = contents_[before_[i].sha256];
      ++content.gone;
      content.last_gone = i;
    }
    for (uint32_t i = 0; i < after_.size(); ++i) {
      if (!sides_.fresh[i] || after_[i].type != EntryType::kFile) continue;
      auto found = contents_.find(after_[i].sha256);
      if (found == contents_.end()) continue;
      fresh_.push_back(i);
      ++found->second.fresh;
    }
  }

  void Pair(uint32_t gone, uint32_t fresh) {
    from_[fresh] = gone;
    taken_[gone] = true;
  }

  void PairUnique(uint32_t fresh) {
    const Content& content = contents_.at(after_[fresh].sha256);
    if (content.gone != 1 || content.fresh != 1 || after_[fresh].size == 0) return;
    Pair(content.last_gone, fresh);
    Learn(before_[content.last_gone].path, after_[fresh].path);
  }

  // "a/x/f" became "b/x/f": what is below b/x was below a/x, what is below b below a.
  void Learn(std::string_view from, std::string_view to) {
    while (!from.empty() && !to.empty() && NameOf(from) == NameOf(to)) {
      from = ParentOf(from);
      to = ParentOf(to);
      if (!directories_.try_emplace(to, from).second) return;
    }
  }

  void PairByDirectory(uint32_t fresh) {
    if (from_[fresh] != kNoEntry || directories_.empty()) return;
    const IndexEntry& file = after_[fresh];
    std::string_view dir = file.path;
    do {
      dir = ParentOf(dir);
      auto found = directories_.find(dir);
      if (found == directories_.end()) continue;
      std::string path(found->second);
      std::string_view rest = dir.empty() ? file.path : file.path.substr(dir.size() + 1);
      path.append(path.empty() ? "" : "/").append(rest);
      uint32_t gone = FindEntry(sides_.before, path);
      if (gone != kNoEntry && IsFree(gone) && before_[gone].sha256 == file.sha256) {
        return Pair(gone, fresh);
      }
    } while (!dir.empty());
  }

  bool IsFree(uint32_t gone) const {
    return sides_.gone[gone] && !taken_[gone] && before_[gone].type == EntryType::kFile;
  }

  // Pairs those with equal keys in the order of their paths; an empty key takes no part.
  template <class Key>
  void PairByKey(const Key& key) {
    std::unordered_map<std::string, std::deque<uint32_t>> free;
    for (uint32_t gone : gone_) {
      if (!taken_[gone]) free[key(before_[gone])].push_back(gone);
    }
    for (uint32_t fresh : fresh_) {
      if (from_[fresh] != kNoEntry) continue;
      std::string wanted = key(after_[fresh]);
      auto found = wanted.empty() ? free.end() : free.find(wanted);
      if (found == free.end() || found->second.empty()) continue;
      Pair(found->second.front(), fresh);
      found->second.pop_front();
    }
  }

  const Sides& sides_;
  const std::vector<IndexEntry>& before_;
  const std::vector<IndexEntry>& after_;
  std::vector<uint32_t> from_;
  std::vector<bool> taken_;      // gone files that have a pair
  std::vector<uint32_t> gone_;   // files
  std::vector<uint32_t> fresh_;  // files with the content of a gone one
  std::unordered_map<Digest, Content, DigestHash> contents_;
  std::unordered_map<std::string_view, std::string_view> directories_;  // new to old
};

}  // namespace

std::vector<uint32_t> PairMoves(const Sides& sides) { return Pairing(sides).Run(); }

}  // namespace kontext
