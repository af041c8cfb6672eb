#include "packer/plan/slice.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kontext {
namespace {

uint16_t BeginningOf(const Digest& digest) {
  return static_cast<uint16_t>(digest.bytes[0] << 8 | digest.bytes[1]);
}

}  // namespace

bool PathSet::Add(std::string_view path, bool with_all_below) {
  auto found = paths_.find(path);
  if (found == paths_.end()) {
    paths_.emplace(path, with_all_below);
    return true;
  }
  bool more = with_all_below && !found->second;
  found->second = found->second || with_all_below;
  return more;
}

bool PathSet::Cursor::Has(std::string_view path) {
  for (; next_ != end_ && ComparePaths(next_->first, path) <= 0; ++next_) {
    last_ = next_->first;
    bool inside = !within_.empty() && IsUnder(last_, within_);
    if (next_->second && !inside) within_ = last_;
  }
  return path == last_ || (!within_.empty() && IsUnder(path, within_));
}

Slicer::Slicer(std::vector<VisitLines> segments, const Listing& next, size_t most)
    : segments_(std::move(segments)), all_next_(next), most_(most) {}

void Slicer::AddPath(std::string_view path, bool with_all_below) {
  if (paths_.Add(path, with_all_below)) grown_ = true;
  for (std::string_view dir = ParentOf(path); !dir.empty(); dir = ParentOf(dir)) {
    // One line removes all below a directory that is there no more.
    uint32_t found = FindEntry(all_next_, dir);
    bool gone = found == kNoEntry || all_next_.entries()[found].type != EntryType::kDir;
    if (!paths_.Add(dir, gone)) return;  // those above it are there, too
    grown_ = true;
  }
}

void Slicer::AddContentOf(const IndexEntry& line) {
  if (line.type != EntryType::kFile && line.type != EntryType::kObject) return;
  if (!contents_.insert(line.sha256).second) return;
  beginnings_.set(BeginningOf(line.sha256));
  grown_ = true;
}

bool Slicer::HasContent(const Digest& digest) const {
  return beginnings_[BeginningOf(digest)] && contents_.count(digest) > 0;
}

bool Slicer::AddSegment(size_t segment) {
  size_t count = 0;
  bool whole = segments_[segment]([&](const IndexEntry& line) {
    if (++count > most_) return;
    AddContentOf(line);
    if (line.type != EntryType::kObject) AddPath(line.path, line.type != EntryType::kDir);
  });
  return whole && count <= most_;
}

bool Slicer::Grow() {
  while (grown_) {
    TakeNext();
    grown_ = false;
    if (!Pass()) return false;
  }
  return true;
}

// What is in the next listing at the slice's paths; its contents are wanted, too.
void Slicer::TakeNext() {
  next_ = Listing();
  const std::vector<IndexEntry>& entries = all_next_.entries();
  size_t end = 0;  // of what was taken
  for (const auto& [path, with_all_below] : paths_.paths()) {
    auto at_or_after =
        std::lower_bound(entries.begin() + static_cast<ptrdiff_t>(end), entries.end(),
                         std::string_view(path), [](const IndexEntry& entry, std::string_view p) {
                           return ComparePaths(entry.path, p) < 0;
                         });
    auto i = static_cast<size_t>(at_or_after - entries.begin());
    for (; i < entries.size(); ++i) {
      bool in = entries[i].path == path || (with_all_below && IsUnder(entries[i].path, path));
      if (!in) break;
      next_.AddKept(entries[i]);
      AddContentOf(entries[i]);
      end = i + 1;
    }
  }
}

bool Slicer::Pass() {
  bool first = held_.empty();
  lines_.clear();
  lines_.resize(segments_.size());
  positions_.assign(segments_.size(), {});
  held_.resize(segments_.size());
  for (size_t i = 0; i < segments_.size(); ++i) {
    if (!PassOver(i, first)) return false;
  }
  return true;
}

bool Slicer::PassOver(size_t segment, bool first) {
  PathSet::Cursor cursor(paths_);
  std::vector<size_t> by_content;  // of the lines that are taken
  size_t position = 0;
  size_t taken = next_.entries().size();
  for (const SegmentLines& before : lines_) taken += before.lines.size();
  SegmentLines& lines = lines_[segment];
  HeldBytes& held = held_[segment];
  bool whole = segments_[segment]([&](const IndexEntry& line) {
    if (first) held.Add(line);
    bool object = line.type == EntryType::kObject;
    bool by_path = !object && cursor.Has(line.path);
    bool wanted = by_path || ((object || line.type == EntryType::kFile) && HasContent(line.sha256));
    if (wanted && taken + lines.lines.size() <= most_) {
      if (!by_path && !object) by_content.push_back(lines.lines.size());
      lines.Add(line);
      positions_[segment].push_back(position);
    }
    ++position;
  });
  for (const IndexEntry& line : lines.lines) AddContentOf(line);
  for (size_t i : by_content) AddPath(lines.lines[i].path, false);
  return whole && taken + lines.lines.size() <= most_;
}

}  // namespace kontext
