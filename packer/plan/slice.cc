#include "packer/plan/slice.h"

#include <algorithm>
#include <optional>

#include "common/path.h"

namespace kontext {
namespace {

// Counts those that were not there yet.
bool Insert(size_t position, std::vector<bool>* has, std::vector<size_t>* positions) {
  if ((*has)[position]) return false;
  (*has)[position] = true;
  positions->push_back(position);
  return true;
}

}  // namespace

Slicer::Slicer(const std::vector<const LineLookup*>& segments, const EntryLookup& next,
               size_t most_lines)
    : all_next_(next), most_lines_(most_lines), has_next_(next.size()) {
  parts_.reserve(segments.size());
  for (const LineLookup* segment : segments) {
    parts_.push_back({segment, segment->Held(), std::vector<bool>(segment->size()), {}, {}});
  }
}

void Slicer::AddPath(std::string_view path, bool with_all_below) {
  for (; !path.empty(); path = ParentOf(path)) {
    bool all = with_all_below || !IsDirNext(path);
    auto [known, is_new] = paths_.emplace(path, all);
    if (!is_new && (known->second || !all)) return;  // nor those above it
    known->second = all;
    new_paths_.push_back({path, all});
    with_all_below = false;
  }
}

bool Slicer::IsDirNext(std::string_view path) const {
  std::optional<IndexEntry> entry = all_next_.Find(path);
  return entry && entry->type == EntryType::kDir;
}

void Slicer::AddContentOf(const IndexEntry& line) {
  if (IsContent(line) && contents_.insert(line.sha256).second) new_contents_.push_back(line.sha256);
}

void Slicer::AddDependencies(const IndexEntry& line) {
  AddContentOf(line);
  if (line.type != EntryType::kObject) AddPath(line.path, line.type != EntryType::kDir);
}

bool Slicer::AddSegment(size_t segment) {
  const LineLookup& all = *parts_[segment].all;
  if (all.size() > most_lines_) return false;
  for (size_t i = 0; i < all.size(); ++i) AddDependencies(all.Line(i));
  return true;
}

bool Slicer::Grow() {
  while (taken_ <= most_lines_ && !(new_paths_.empty() && new_contents_.empty())) {
    if (!new_paths_.empty()) {
      Wanted wanted = new_paths_.back();
      new_paths_.pop_back();
      Take(wanted);
    } else {
      Digest content = new_contents_.back();
      new_contents_.pop_back();
      Take(content);
    }
  }
  if (taken_ > most_lines_) return false;
  for (Part& part : parts_) {
    std::sort(part.positions.begin(), part.positions.end());
    part.lines.lines.clear();
    for (size_t position : part.positions) part.lines.lines.push_back(part.all->Line(position));
  }
  std::sort(next_positions_.begin(), next_positions_.end());
  next_ = Listing();
  for (size_t position : next_positions_) next_.AddKept(all_next_.Entry(position));
  return true;
}

void Slicer::Take(const Wanted& wanted) {
  for (Part& part : parts_) {
    for (size_t i = part.all->FirstFrom(wanted.path); i < part.all->size(); ++i) {
      IndexEntry line = part.all->Line(i);
      bool below = wanted.with_all_below && IsUnder(line.path, wanted.path);
      if (line.path != wanted.path && !below) break;
      TakeLine(&part, i, line);
      if (taken_ > most_lines_) return;
    }
  }
  TakeNext(wanted);
}

void Slicer::Take(const Digest& content) {
  for (Part& part : parts_) {
    for (size_t i : part.all->LinesWith(content)) TakeLine(&part, i, part.all->Line(i));
  }
}

void Slicer::TakeLine(Part* part, size_t position, const IndexEntry& line) {
  if (!Insert(position, &part->has, &part->positions)) return;
  ++taken_;
  AddDependencies(line);
}

// What is in the next listing at the path; its contents are wanted, too.
void Slicer::TakeNext(const Wanted& wanted) {
  for (size_t i = all_next_.FirstFrom(wanted.path); i < all_next_.size(); ++i) {
    IndexEntry entry = all_next_.Entry(i);
    bool below = wanted.with_all_below && IsUnder(entry.path, wanted.path);
    if (entry.path != wanted.path && !below) return;
    if (!Insert(i, &has_next_, &next_positions_)) continue;
    if (++taken_ > most_lines_) return;
    AddContentOf(entry);
  }
}

}  // namespace kontext
