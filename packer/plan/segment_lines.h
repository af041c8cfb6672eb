// A segment's index, read: its lines in memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/digest.h"
#include "packer/plan/listing.h"

namespace kontext {

struct SegmentIndex {
  Digest digest;      // of `lines`: its name
  std::string lines;  // JSON Lines
};

// Gives every line of an index in order, object lines too; a line's views are valid until the next
// one. Throws Error(kFormat), naming the segment.
void ForEachLine(const SegmentIndex& segment,
                 const std::function<void(const IndexEntry& line)>& take);

// Is the line about content, wherever that is?
inline bool IsContent(const IndexEntry& line) {
  return line.type == EntryType::kFile || line.type == EntryType::kObject;
}

// Is content in the segment's layer for this line?
inline bool HoldsContent(const IndexEntry& line) {
  return line.type == EntryType::kObject || (line.type == EntryType::kFile && line.at.empty());
}

// Owns the text that its lines' views point to; moving it keeps them valid.
struct SegmentLines {
  Digest digest{};
  std::vector<IndexEntry> lines;  // in index order, object lines first
  TextArena text;

  // Copies the line and its text.
  void Add(const IndexEntry& line);

  // Throws Error(kFormat), naming the segment.
  static SegmentLines Read(const SegmentIndex& index);
};

}  // namespace kontext
