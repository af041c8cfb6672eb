// What some segments are together, whichever they are: the listing that they fold to, and what
// their merged layers show (FORMAT.md, "Folding" and "What merged layers show").
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "packer/plan/segment_lines.h"

namespace kontext {

struct DigestHash {
  size_t operator()(const Digest& digest) const {
    size_t value;
    std::memcpy(&value, digest.bytes, sizeof(value));
    return value;
  }
};

// Segments are named by their position in what a Merged was made of, 0 at the bottom.
class Merged {
 public:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  // One path that a segment says something of, or that lies on the way to one.
  struct Row {
    std::string_view path;
    // What the fold has at the path: a file, dir or symlink line; null when there is nothing. With
    // only some segments of an image, its parent need not be a directory of the listing.
    const IndexEntry* listed = nullptr;
    // What the layers have below BasePath at the path: the line that put it there, a file without
    // `at`, a dir or a symlink; null when there is nothing.
    const IndexEntry* shown = nullptr;
    // A file that a lower layer has at the path, and that a higher one hides.
    const IndexEntry* hidden = nullptr;
    uint32_t listed_segment = kNone;  // of `listed`, or of the line that removes the path
    uint32_t shown_segment = kNone;
    uint32_t hidden_by = kNone;  // the segment whose layer hides it
    // The highest segment whose layer only passes through the path: a directory then has the mode
    // that it had in that layer's listing.
    uint32_t passed_by = kNone;

    bool ShowsFile() const { return shown != nullptr && shown->type == EntryType::kFile; }
  };

  // Keeps pointers to the segments' lines.
  explicit Merged(std::span<const SegmentLines* const> segments);

  size_t segments() const { return segments_; }
  // In index order, none twice; the parents of each path are there too.
  const std::vector<Row>& rows() const { return rows_; }
  // The position of a path's row, or kNone.
  uint32_t Find(std::string_view path) const;
  // One past the last row that is below the path of row `row`.
  uint32_t EndBelow(uint32_t row) const;

  // The segment that holds a content in the objects folder, or kNone.
  uint32_t FindObject(const Digest& digest) const;
  // Its line there, or null.
  const IndexEntry* ObjectLine(const Digest& digest) const;

  // The fold, and its tree digest.
  Listing Fold() const;
  Digest TreeDigest() const;

 private:
  size_t segments_;
  std::vector<Row> rows_;
  struct Object {
    uint32_t segment;
    const IndexEntry* line;
  };
  std::unordered_map<Digest, Object, DigestHash> objects_;
};

}  // namespace kontext
