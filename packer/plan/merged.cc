#include "packer/plan/merged.h"

#include <algorithm>

#include "common/path.h"
#include "packer/memory_hints.h"
#include "packer/plan/storable.h"

namespace kontext {
namespace {

// A directory that no line names, since a layer only passes through it.
const IndexEntry kPassedThrough = [] {
  IndexEntry dir;
  dir.type = EntryType::kDir;
  dir.mode = 0755;
  return dir;
}();

// What a line makes of a layer at the line's path.
enum class Effect { kNone, kPuts, kWhitesOut };

Effect EffectOf(const IndexEntry& line) {
  switch (line.type) {
    case EntryType::kFile:
      return line.at.empty() ? Effect::kPuts : Effect::kNone;
    case EntryType::kDir:
    case EntryType::kSymlink:
      return IsStorable(line.path) ? Effect::kPuts : Effect::kNone;
    case EntryType::kRemoved:
      return line.whiteout ? Effect::kWhitesOut : Effect::kNone;
    case EntryType::kObject:
      break;
  }
  return Effect::kNone;
}

// The lines of all segments by path, those of one path from the topmost segment down.
class LineQueue {
 public:
  struct Cursor {
    const IndexEntry* next;
    const IndexEntry* end;
    int segment;
  };

  void Add(const IndexEntry* begin, const IndexEntry* end, int segment) {
    if (begin == end) return;
    order_.insert(order_.begin(), {begin, end, segment});
    Settle();
  }

  bool empty() const { return order_.empty(); }
  const Cursor& front() const { return order_.front(); }

  void Pop() {
    if (++order_.front().next == order_.front().end) {
      order_.erase(order_.begin());
    } else {
      Settle();
    }
  }

 private:
  // Brings the first cursor to its place. Most often it stays: one compare.
  void Settle() {
    for (size_t i = 0; i + 1 < order_.size(); ++i) {
      int order = ComparePaths(order_[i].next->path, order_[i + 1].next->path);
      if (order < 0 || (order == 0 && order_[i].segment > order_[i + 1].segment)) return;
      std::swap(order_[i], order_[i + 1]);
    }
  }

  std::vector<Cursor> order_;
};

class Merger {
 public:
  explicit Merger(std::vector<Merged::Row>* rows) : rows_(*rows) {}

  // Lines come by path, those of one path from the topmost segment down.
  void Take(const IndexEntry& line, int segment) {
    if (open_.empty() || PathOf(open_.back()) != line.path) Enter(line.path);
    Open& here = open_.back();
    List(line, segment, &here);
    Effect effect = EffectOf(line);
    if (effect == Effect::kNone) return;
    if (segment >= here.shown_above) PassThrough(segment);
    Show(line, effect, segment, &here);
  }

 private:
  // The path that is read, and those that it lies below.
  struct Open {
    size_t row;
    // The highest segment that hides what lower ones have at the path, and below it; -1: none.
    int listed_above, listed_below;
    int shown_above, shown_below;
    bool listed_done = false;  // a higher line of this path has decided
    int shown_by = -1;
  };

  std::string_view PathOf(const Open& open) const { return rows_[open.row].path; }

  void Enter(std::string_view path) {
    while (!open_.empty() && !IsUnder(path, PathOf(open_.back()))) open_.pop_back();
    size_t begin = open_.empty() ? 0 : PathOf(open_.back()).size() + 1;
    for (size_t end = path.find('/', begin); end != std::string_view::npos;
         end = path.find('/', end + 1)) {
      Push(path.substr(0, end));
    }
    Push(path);
  }

  void Push(std::string_view path) {
    int listed = open_.empty() ? -1 : open_.back().listed_below;
    int shown = open_.empty() ? -1 : open_.back().shown_below;
    open_.push_back({rows_.size(), listed, listed, shown, shown});
    rows_.emplace_back().path = path;
  }

  void List(const IndexEntry& line, int segment, Open* here) {
    if (line.type != EntryType::kDir) here->listed_below = std::max(here->listed_below, segment);
    if (here->listed_done) return;
    here->listed_done = true;
    if (segment < here->listed_above) return;
    rows_[here->row].listed_segment = static_cast<uint32_t>(segment);
    if (line.type != EntryType::kRemoved) rows_[here->row].listed = &line;
  }

  void Show(const IndexEntry& line, Effect effect, int segment, Open* here) {
    Merged::Row& row = rows_[here->row];
    if (line.type != EntryType::kDir) here->shown_below = std::max(here->shown_below, segment);
    if (segment < here->shown_above) return Hide(line, here->shown_above, &row);
    if (here->shown_by >= 0) return Hide(line, here->shown_by, &row);
    here->shown_by = segment;
    if (effect == Effect::kWhitesOut) return;
    row.shown = &line;
    row.shown_segment = static_cast<uint32_t>(segment);
  }

  static void Hide(const IndexEntry& line, int by, Merged::Row* row) {
    if (line.type != EntryType::kFile || row->hidden != nullptr) return;
    row->hidden = &line;
    row->hidden_by = static_cast<uint32_t>(by);
  }

  // A layer that has something at the current path has directories on the way to it.
  void PassThrough(int segment) {
    for (size_t i = open_.size() - 1; i-- > 0;) {
      Merged::Row& row = rows_[open_[i].row];
      if (row.passed_by != Merged::kNone && static_cast<int>(row.passed_by) >= segment) return;
      row.passed_by = static_cast<uint32_t>(segment);
      if (row.shown != nullptr && row.shown->type == EntryType::kDir) continue;
      if (row.shown != nullptr) Hide(*row.shown, segment, &row);
      row.shown = &kPassedThrough;
      row.shown_segment = static_cast<uint32_t>(segment);
    }
  }

  std::vector<Merged::Row>& rows_;
  std::vector<Open> open_;
};

}  // namespace

Merged::Merged(std::span<const SegmentLines* const> segments) : segments_(segments.size()) {
  LineQueue queue;
  size_t most = 0;
  for (size_t i = 0; i < segments.size(); ++i) {
    const std::vector<IndexEntry>& lines = segments[i]->lines;
    size_t paths = 0;
    while (paths < lines.size() && lines[paths].type == EntryType::kObject) {
      objects_.emplace(lines[paths].sha256, Object{static_cast<uint32_t>(i), &lines[paths]});
      ++paths;
    }
    queue.Add(lines.data() + paths, lines.data() + lines.size(), static_cast<int>(i));
    most += lines.size();
  }
  rows_.reserve(most);
  UseLargePages(rows_.data(), most * sizeof(Row));
  Merger merger(&rows_);
  for (; !queue.empty(); queue.Pop()) merger.Take(*queue.front().next, queue.front().segment);
}

uint32_t Merged::Find(std::string_view path) const {
  auto found = std::lower_bound(
      rows_.begin(), rows_.end(), path,
      [](const Row& row, std::string_view p) { return ComparePaths(row.path, p) < 0; });
  if (found == rows_.end() || found->path != path) return kNone;
  return static_cast<uint32_t>(found - rows_.begin());
}

uint32_t Merged::EndBelow(uint32_t row) const {
  std::string_view dir = rows_[row].path;
  if (row + 1 == rows_.size() || !IsUnder(rows_[row + 1].path, dir)) return row + 1;
  auto end = std::partition_point(rows_.begin() + row + 1, rows_.end(),
                                  [&](const Row& below) { return IsUnder(below.path, dir); });
  return static_cast<uint32_t>(end - rows_.begin());
}

uint32_t Merged::FindObject(const Digest& digest) const {
  auto found = objects_.find(digest);
  return found == objects_.end() ? kNone : found->second.segment;
}

const IndexEntry* Merged::ObjectLine(const Digest& digest) const {
  auto found = objects_.find(digest);
  return found == objects_.end() ? nullptr : found->second.line;
}

Listing Merged::Fold() const {
  Listing listing;
  for (const Row& row : rows_) {
    if (row.listed != nullptr) listing.Add(*row.listed);
  }
  return listing;
}

Digest Merged::TreeDigest() const {
  TreeHasher hasher;
  for (const Row& row : rows_) {
    if (row.listed != nullptr) hasher.Add(*row.listed);
  }
  return hasher.Finish();
}

}  // namespace kontext
