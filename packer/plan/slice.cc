#include "packer/plan/slice.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kontext {
namespace {

uint16_t BeginningOf(const Digest& digest) {
  return static_cast<uint16_t>(digest.bytes[0] << 8 | digest.bytes[1]);
}

constexpr uint32_t kMore = 1 << 20;

uint32_t MoreOf(const Digest& digest) {
  return (uint32_t{BeginningOf(digest)} << 8 | digest.bytes[2]) % kMore;
}

bool IsContent(const IndexEntry& line) {
  return line.type == EntryType::kFile || line.type == EntryType::kObject;
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

Slicer::Slicer(std::vector<VisitLines> segments, const Listing& next, const SliceLimits& limits)
    : segments_(std::move(segments)), all_next_(next), limits_(limits), passed_by_(kMore) {}

void Slicer::AddPath(std::string_view path, bool with_all_below) {
  for (; !path.empty(); path = ParentOf(path)) {
    if (!paths_.Add(path, with_all_below || !IsDirNext(path))) return;  // nor those above it
    grown_ = true;
    with_all_below = false;
  }
}

bool Slicer::IsDirNext(std::string_view path) const {
  uint32_t found = FindEntry(all_next_, path);
  return found != kNoEntry && all_next_.entries()[found].type == EntryType::kDir;
}

void Slicer::AddContentOf(const IndexEntry& line) {
  if (!IsContent(line) || !contents_.insert(line.sha256).second) return;
  beginnings_.set(BeginningOf(line.sha256));
  grown_ = grown_ || passed_by_[MoreOf(line.sha256)];
}

void Slicer::AddDependencies(const IndexEntry& line) {
  AddContentOf(line);
  if (line.type != EntryType::kObject) AddPath(line.path, line.type != EntryType::kDir);
}

bool Slicer::HasContent(const Digest& digest) const {
  return beginnings_[BeginningOf(digest)] && contents_.count(digest) > 0;
}

bool Slicer::AddSegment(size_t segment) {
  size_t count = 0;
  bool whole = segments_[segment]([&](const IndexEntry& line) {
    if (++count <= limits_.lines) AddDependencies(line);
  });
  return whole && count <= limits_.lines;
}

bool Slicer::Grow() {
  while (grown_) {
    TakeNext();
    grown_ = false;
    if (passes_ == limits_.passes || !Pass()) return false;
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
  ++passes_;
  lines_.clear();
  lines_.resize(segments_.size());
  positions_.assign(segments_.size(), {});
  passed_by_.assign(kMore, false);
  held_.resize(segments_.size());
  for (size_t i = 0; i < segments_.size(); ++i) {
    if (!PassOver(i)) return false;
  }
  return true;
}

bool Slicer::PassOver(size_t segment) {
  PathSet::Cursor cursor(paths_);
  size_t position = 0;
  size_t taken = next_.entries().size();
  for (const SegmentLines& before : lines_) taken += before.lines.size();
  SegmentLines& lines = lines_[segment];
  HeldBytes& held = held_[segment];
  bool whole = segments_[segment]([&](const IndexEntry& line) {
    if (passes_ == 1) held.Add(line);
    bool wanted = (line.type != EntryType::kObject && cursor.Has(line.path)) ||
                  (IsContent(line) && HasContent(line.sha256));
    if (!wanted) {
      if (IsContent(line)) passed_by_[MoreOf(line.sha256)] = true;
    } else if (taken + lines.lines.size() <= limits_.lines) {
      lines.Add(line);
      positions_[segment].push_back(position);
      AddDependencies(line);
    }
    ++position;
  });
  return whole && taken + lines.lines.size() <= limits_.lines;
}

}  // namespace kontext
