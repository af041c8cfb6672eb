#include "packer/plan/placement.h"

#include <bitset>
#include <unordered_map>

#include "common/path.h"
#include "packer/plan/storable.h"

namespace kontext {
namespace {

using Kind = Source::Kind;

class Placer {
 public:
  Placer(const Merged& old, const Listing& next, bool mirror)
      : old_(old),
        rows_(old.rows()),
        entries_(next.entries()),
        mirror_(mirror),
        hidden_(rows_.size()),
        pointed_(rows_.size()) {
    result_.rows.assign(entries_.size(), Merged::kNone);
    result_.sources.resize(entries_.size());
  }

  Placement Run() {
    MatchRows();
    for (uint32_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].type == EntryType::kFile && !FindOwn(i)) missing_.push_back(i);
    }
    FindElsewhere();
    if (IsFirst()) stored_.reserve(missing_.size());
    for (uint32_t i : missing_) {
      if (result_.sources[i].kind == Kind::kNone) Store(i);
    }
    return std::move(result_);
  }

 private:
  // Is there nothing to find, and all to be stored?
  bool IsFirst() const { return old_.segments() == 0; }

  // Also notes what the new layer hides.
  void MatchRows() {
    uint32_t row = 0;
    for (uint32_t i = 0; i < entries_.size(); ++i) {
      // Most paths are where the last one's successor is.
      std::string_view path = entries_[i].path;
      while (row < rows_.size() && rows_[row].path != path &&
             ComparePaths(rows_[row].path, path) < 0)
        ++row;
      if (row == rows_.size() || rows_[row].path != path) continue;
      result_.rows[i] = row++;
      if (entries_[i].type != EntryType::kFile) HideUnder(i);
    }
  }

  // What a new directory or symlink hides in the layers below.
  void HideUnder(uint32_t i) {
    uint32_t row = result_.rows[i];
    if (rows_[row].shown == nullptr || rows_[row].shown->type == entries_[i].type) return;
    if (!IsStorable(entries_[i].path)) return;
    uint32_t end = entries_[i].type == EntryType::kDir ? row + 1 : old_.EndBelow(row);
    for (; row < end; ++row) hidden_[row] = true;
  }

  bool Shows(uint32_t row, const IndexEntry& file) const {
    return row != Merged::kNone && !hidden_[row] && rows_[row].ShowsFile() &&
           rows_[row].shown->sha256 == file.sha256 && rows_[row].shown->size == file.size;
  }

  void PointAt(uint32_t i, uint32_t row) {
    result_.sources[i] = {Kind::kShown, row};
    pointed_[row] = true;
  }

  // Is it a file that the layers show at its path, or where the old listing says?
  bool FindOwn(uint32_t i) {
    const IndexEntry& file = entries_[i];
    uint32_t row = result_.rows[i];
    if (Shows(row, file)) {
      // A mirror shows modes, too.
      if (mirror_ && rows_[row].shown->mode != file.mode) return false;
      PointAt(i, row);
      return true;
    }
    const IndexEntry* listed = row == Merged::kNone ? nullptr : rows_[row].listed;
    if (mirror_ || listed == nullptr || listed->at.empty()) return false;
    uint32_t place = old_.Find(listed->at);
    if (!Shows(place, file)) return false;
    PointAt(i, place);
    return true;
  }

  void FindElsewhere() {
    if (IsFirst() || missing_.empty()) return;
    std::unordered_map<Digest, uint32_t, DigestHash> places;
    std::bitset<1 << 16> beginnings;  // of their digests: most rows are passed by at a look
    for (uint32_t i : missing_) {
      places.emplace(entries_[i].sha256, Merged::kNone);
      beginnings.set(BeginningOf(entries_[i].sha256));
    }
    for (uint32_t row = 0; row < rows_.size() && !mirror_; ++row) {
      if (!rows_[row].ShowsFile() || hidden_[row]) continue;
      if (!beginnings[BeginningOf(rows_[row].shown->sha256)]) continue;
      auto wanted = places.find(rows_[row].shown->sha256);
      if (wanted == places.end()) continue;
      // Best where another entry points already: that place is live in any case.
      bool better = wanted->second == Merged::kNone || (pointed_[row] && !pointed_[wanted->second]);
      if (better) wanted->second = row;
    }
    for (uint32_t i : missing_) {
      const IndexEntry& file = entries_[i];
      uint32_t row = places.find(file.sha256)->second;
      uint32_t object = old_.FindObject(file.sha256);
      if (Shows(row, file)) {
        PointAt(i, row);
      } else if (object != Merged::kNone && !(mirror_ && IsStorable(file.path))) {
        result_.sources[i] = {Kind::kObject, object};
      }
    }
  }

  static uint16_t BeginningOf(const Digest& digest) {
    return static_cast<uint16_t>(digest.bytes[0] << 8 | digest.bytes[1]);
  }

  void Store(uint32_t i) {
    const IndexEntry& file = entries_[i];
    bool storable = IsStorable(file.path);
    if (mirror_ && storable) {
      result_.sources[i] = {Kind::kStored, i};
      return;
    }
    auto [twin, first] = stored_.emplace(file.sha256, i);
    if (!first) {
      result_.sources[i] = {Kind::kTwin, twin->second};
    } else {
      bool object = !storable || HidesPointedAt(result_.rows[i]);
      result_.sources[i] = {object ? Kind::kStoredObject : Kind::kStored, i};
    }
  }

  // Would a file at the path of this row hide what some entry points at?
  bool HidesPointedAt(uint32_t row) const {
    if (row == Merged::kNone) return false;
    for (uint32_t end = old_.EndBelow(row); row < end; ++row) {
      if (pointed_[row]) return true;
    }
    return false;
  }

  const Merged& old_;
  const std::vector<Merged::Row>& rows_;
  const std::vector<IndexEntry>& entries_;
  bool mirror_;
  Placement result_;
  std::vector<uint32_t> missing_;                            // files that are not where they were
  std::vector<bool> hidden_;                                 // rows that the new layer hides
  std::vector<bool> pointed_;                                // rows that some entry points at
  std::unordered_map<Digest, uint32_t, DigestHash> stored_;  // the entry that stores a content
};

}  // namespace

Placement Place(const Merged& old, const Listing& next, bool mirror) {
  return Placer(old, next, mirror).Run();
}

}  // namespace kontext
