#include "packer/plan/delta.h"

#include <string>

#include "common/layout.h"
#include "common/path.h"
#include "packer/hash.h"
#include "packer/plan/storable.h"

namespace kontext {
namespace {

bool SameContent(const IndexEntry& a, const IndexEntry& b) {
  return a.size == b.size && a.sha256 == b.sha256;
}

bool SameEntry(const IndexEntry& a, const IndexEntry& b) {
  if (a.type != b.type) return false;
  if (a.type == EntryType::kSymlink) return a.target == b.target;
  if (a.mode != b.mode) return false;
  return a.type == EntryType::kDir || SameContent(a, b);
}

class Builder {
 public:
  // A path that only the old listing has.
  void Remove(const IndexEntry& old) {
    // What lies under a removed directory goes with it, and what lies under a path that is no
    // directory any more is hidden by the line of that path.
    if (IsUnder(old.path, gone_)) return;
    gone_ = old.path;
    IndexEntry line;
    line.type = EntryType::kRemoved;
    line.path = old.path;
    line.whiteout = IsStorable(old.path);
    delta_.segment.lines.push_back(line);
  }

  // A path of the new listing; `old` is its entry in the old one, or null.
  void Set(const IndexEntry& next, const IndexEntry* old, bool placed) {
    if (next.type != EntryType::kDir) gone_ = next.path;
    if (old != nullptr && placed && SameEntry(*old, next)) return;
    if (next.type != EntryType::kFile) {
      delta_.segment.lines.push_back(next);
    } else if (old != nullptr && old->type == EntryType::kFile && placed &&
               SameContent(*old, next)) {
      PointAt(next, old->at.empty() ? old->path : old->at);
    } else {
      Store(next);
    }
  }

  Delta Finish() { return std::move(delta_); }

 private:
  void PointAt(const IndexEntry& next, std::string_view at) {
    IndexEntry& line = delta_.segment.lines.emplace_back(next);
    line.at = delta_.text.Keep(at);
  }

  void Store(const IndexEntry& next) {
    delta_.segment.stored.push_back(delta_.segment.lines.size());
    delta_.segment.stored_bytes += next.size;
    IndexEntry& line = delta_.segment.lines.emplace_back(next);
    line.at = {};
    if (IsStorable(next.path)) return;
    line.at = delta_.text.Keep(std::string(kObjectsPath) + '/' + ToHex(next.sha256));
  }

  Delta delta_;
  std::string_view gone_;
};

}  // namespace

Delta ComputeDelta(const Listing& old, const std::vector<size_t>& unplaced, const Listing& next) {
  Builder builder;
  const auto& before = old.entries();
  const auto& after = next.entries();
  auto lost = unplaced.begin();
  size_t i = 0;
  for (const IndexEntry& entry : after) {
    while (i < before.size() && ComparePaths(before[i].path, entry.path) < 0) {
      builder.Remove(before[i++]);
    }
    bool matched = i < before.size() && before[i].path == entry.path;
    while (lost != unplaced.end() && *lost < i) ++lost;
    bool placed = lost == unplaced.end() || *lost != i;
    builder.Set(entry, matched ? &before[i] : nullptr, placed);
    if (matched) ++i;
  }
  while (i < before.size()) builder.Remove(before[i++]);
  return builder.Finish();
}

std::vector<Segment> Split(const Segment& segment, uint64_t limit) {
  std::vector<Segment> parts(1);
  size_t next_stored = 0;
  for (size_t i = 0; i < segment.lines.size(); ++i) {
    bool stored = next_stored < segment.stored.size() && segment.stored[next_stored] == i;
    uint64_t bytes = stored ? segment.lines[i].size : 0;
    if (bytes > 0 && parts.back().stored_bytes > 0 && parts.back().stored_bytes + bytes > limit) {
      parts.emplace_back();
    }
    Segment& part = parts.back();
    if (stored) {
      part.stored.push_back(part.lines.size());
      part.stored_bytes += bytes;
      ++next_stored;
    }
    part.lines.push_back(segment.lines[i]);
  }
  return parts;
}

}  // namespace kontext
