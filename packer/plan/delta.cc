#include "packer/plan/delta.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "common/layout.h"
#include "common/path.h"
#include "packer/hash.h"
#include "packer/plan/placement.h"
#include "packer/plan/storable.h"

namespace kontext {
namespace {

using Kind = Source::Kind;

class Builder {
 public:
  Builder(const Merged& old, const Listing& next, bool mirror)
      : rows_(old.rows()),
        old_(old),
        entries_(next.entries()),
        mirror_(mirror),
        placement_(Place(old, next, mirror)),
        used_(rows_.size()) {
    delta_.use.resize(old.segments());
  }

  Delta Run() {
    CountContent();
    // A first push needs a line for each, others for few.
    if (old_.segments() == 0) delta_.segment.lines.reserve(entries_.size());
    uint32_t row = 0;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const IndexEntry& entry = entries_[i];
      while (row < rows_.size() && row != placement_.rows[i] &&
             ComparePaths(rows_[row].path, entry.path) < 0) {
        Remove(&row);
      }
      bool matched = row < rows_.size() && row == placement_.rows[i];
      bool below = false;
      if (entry.type != EntryType::kDir && matched) below = SkipBelow(&row);
      if (matched && entry.type == EntryType::kDir) ++row;
      Set(i, below);
    }
    while (row < rows_.size()) Remove(&row);
    return std::move(delta_);
  }

 private:
  // Every content counts once, for the segment that shows it.
  void CountContent() {
    std::unordered_set<Digest, DigestHash> objects;
    for (size_t i = 0; i < entries_.size(); ++i) {
      const Source& source = placement_.sources[i];
      const IndexEntry& entry = entries_[i];
      if (source.kind == Kind::kShown && !used_[source.where]) {
        used_[source.where] = true;
        const Merged::Row& row = rows_[source.where];
        delta_.use[row.shown_segment].contents.push_back(row.shown);
      } else if (source.kind == Kind::kObject && objects.insert(entry.sha256).second) {
        delta_.use[source.where].contents.push_back(old_.ObjectLine(entry.sha256));
      } else if (source.IsStored() && placement_.rows[i] != Merged::kNone) {
        const Merged::Row& row = rows_[placement_.rows[i]];
        bool held = row.hidden != nullptr && row.hidden->sha256 == entry.sha256;
        if (held) delta_.use[row.hidden_by].hides += entry.size;
      }
    }
  }

  // A row whose path is in the next listing no more, and all below it: one line, for the topmost.
  void Remove(uint32_t* row) {
    uint32_t top = *row;
    *row = old_.EndBelow(top);
    bool listed = false, shown = false, used = false;
    for (uint32_t i = top; i < *row; ++i) {
      listed = listed || rows_[i].listed != nullptr;
      shown = shown || rows_[i].shown != nullptr;
      used = used || used_[i];
    }
    if (!listed && !(mirror_ && shown)) {
      for (uint32_t i = top; i < *row; ++i) {
        // A line that removes the path.
        if (rows_[i].listed_segment != Merged::kNone) ++delta_.use[rows_[i].listed_segment].lines;
      }
      return;
    }
    IndexEntry& line = delta_.segment.lines.emplace_back();
    line.type = EntryType::kRemoved;
    line.path = delta_.text.Keep(rows_[top].path);
    line.whiteout = shown && !used && IsStorable(line.path);
  }

  // Moves past a row and all below it; true when the old listing has anything there.
  bool SkipBelow(uint32_t* row) {
    uint32_t end = old_.EndBelow(*row);
    bool listed = false;
    while (++*row < end) listed = listed || rows_[*row].listed != nullptr;
    return listed;
  }

  // `masks`: a line is needed in any case, to take away what the old listing has below.
  void Set(size_t i, bool masks) {
    const IndexEntry& entry = entries_[i];
    uint32_t at_row = placement_.rows[i];
    const Merged::Row* row = at_row == Merged::kNone ? nullptr : &rows_[at_row];
    std::string_view at = PlaceOf(i);
    bool stored = placement_.sources[i].IsStored();
    if (!masks && !stored && row != nullptr && IsListed(*row, entry, at)) {
      ++delta_.use[row->listed_segment].lines;
      return;
    }
    if (stored) {
      delta_.segment.stored.push_back(delta_.segment.lines.size());
      delta_.segment.stored_bytes += entry.size;
      if (at == entry.path) at = {};
    }
    delta_.segment.lines.emplace_back(entry).at = delta_.text.Keep(at);
  }

  // Where a file's content is, as an `at` would say.
  std::string_view PlaceOf(size_t i) {
    const Source& source = placement_.sources[i];
    const IndexEntry& entry = entries_[i];
    switch (source.kind) {
      case Kind::kNone:
        return {};
      case Kind::kShown:
        return rows_[source.where].path;
      case Kind::kStored:
        return entry.path;
      case Kind::kObject:
      case Kind::kStoredObject:
        return ObjectPath(entry);
      case Kind::kTwin:
        return PlaceOf(source.where);
    }
    return {};
  }

  std::string_view ObjectPath(const IndexEntry& file) {
    scratch_ = std::string(kObjectsPath).append("/").append(ToHex(file.sha256));
    return scratch_;
  }

  // Do the old segments say all this already?
  bool IsListed(const Merged::Row& row, const IndexEntry& entry, std::string_view at) const {
    const IndexEntry* listed = row.listed;
    if (listed == nullptr || listed->type != entry.type) return false;
    if (mirror_ && IsStorable(entry.path) && !IsMirrored(row, entry)) return false;
    if (entry.type == EntryType::kSymlink) return listed->target == entry.target;
    if (listed->mode != entry.mode) return false;
    if (entry.type == EntryType::kDir) return true;
    return listed->size == entry.size && listed->sha256 == entry.sha256 &&
           (listed->at.empty() ? listed->path : listed->at) == at;
  }

  static bool IsMirrored(const Merged::Row& row, const IndexEntry& entry) {
    if (row.shown == nullptr || row.shown->type != entry.type) return false;
    bool passed = row.passed_by != Merged::kNone && row.passed_by > row.shown_segment;
    if (passed) return false;
    if (entry.type == EntryType::kSymlink) return row.shown->target == entry.target;
    return row.shown->mode == entry.mode;
  }

  const std::vector<Merged::Row>& rows_;
  const Merged& old_;
  const std::vector<IndexEntry>& entries_;
  bool mirror_;
  Placement placement_;
  std::vector<bool> used_;  // rows that an entry points at
  std::string scratch_;
  Delta delta_;
};

// The entry of a path that is in the listing.
const IndexEntry& EntryAt(const Listing& listing, std::string_view path) {
  return listing.entries()[FindEntry(listing, path)];
}

}  // namespace

Delta ComputeDelta(const Merged& old, const Listing& next, bool mirror) {
  Delta delta = Builder(old, next, mirror).Run();
  if (mirror) AddParents(next, &delta.segment);
  return delta;
}

void AddParents(const Listing& listing, Segment* segment) {
  Segment whole;
  whole.stored_bytes = segment->stored_bytes;
  std::vector<std::string_view> open;  // directories with a line that the current one is below
  auto next_stored = segment->stored.begin();
  for (size_t i = 0; i < segment->lines.size(); ++i) {
    const IndexEntry& line = segment->lines[i];
    while (!open.empty() && !IsUnder(line.path, open.back())) open.pop_back();
    size_t begin = open.empty() ? 0 : open.back().size() + 1;
    for (size_t end = line.path.find('/', begin); end != std::string_view::npos;
         end = line.path.find('/', end + 1)) {
      // A path of the listing, or one that was removed from a directory of the listing.
      whole.lines.push_back(EntryAt(listing, line.path.substr(0, end)));
      open.push_back(whole.lines.back().path);
    }
    if (next_stored != segment->stored.end() && *next_stored == i) {
      whole.stored.push_back(whole.lines.size());
      ++next_stored;
    }
    whole.lines.push_back(line);
    if (line.type == EntryType::kDir) open.push_back(line.path);
  }
  *segment = std::move(whole);
}

std::vector<uint64_t> PartEnds(uint64_t bytes, uint64_t limit) {
  // In quarters of a full part: as few fours as do, then two and one. Each part is a line in every
  // later manifest and config.
  uint64_t full = 0;
  while (10 * bytes >= 13 * limit && 4 * 10 * bytes > 13 * limit * (4 * full + 3)) ++full;
  std::vector<uint64_t> ends;
  if (full > 0) {
    uint64_t quarter = bytes / (4 * full + 3) + 1;
    for (uint64_t i = 1; i <= full; ++i) ends.push_back(4 * i * quarter);
    ends.push_back((4 * full + 2) * quarter);
  }
  ends.push_back(bytes);
  return ends;
}

std::vector<Segment> Split(Segment segment, uint64_t limit) {
  const std::vector<uint64_t> ends = PartEnds(segment.stored_bytes, limit);
  std::vector<Segment> parts(1);
  if (ends.size() == 1) {
    parts.front() = std::move(segment);
    return parts;
  }
  size_t share = 0;  // that the last part fills
  size_t next_stored = 0;
  uint64_t before = 0;  // content of earlier lines
  for (size_t i = 0; i < segment.lines.size(); ++i) {
    bool stored = next_stored < segment.stored.size() && segment.stored[next_stored] == i;
    uint64_t bytes = stored ? segment.lines[i].size : 0;
    // A file goes to the part in whose share its middle lies.
    size_t share_before = share;
    while (stored && share + 1 < ends.size() && before + bytes / 2 >= ends[share]) ++share;
    if (share > share_before && parts.back().stored_bytes > 0) parts.emplace_back();
    Segment& part = parts.back();
    if (stored) {
      part.stored.push_back(part.lines.size());
      part.stored_bytes += bytes;
      before += bytes;
      ++next_stored;
    }
    part.lines.push_back(segment.lines[i]);
  }
  return parts;
}

}  // namespace kontext
