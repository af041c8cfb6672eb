// The part of an image's segments that a change touches. Pure.
//
// What is decided about one path depends on other lines only as far as they are about
//
// 1. the same path, or a directory that it lies in;
// 2. the same content: any place that has it may do for any file that needs it;
// 3. what lies below it, where the next listing has no directory at the path, or where any segment
//    has a line there that is none: a file put there would hide what files elsewhere point at, one
//    line may remove all of it, and a layer that passes through makes a directory of it.
//
// A slice is closed under that: it has every line that any of its lines depends on, so a plan over
// the slice decides about its paths as a plan over all lines would, and about all others that plan
// has nothing to say. (Weiser, "Program slicing", 1981, does the same with the lines of a program.)
#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "packer/plan/entry_lookup.h"
#include "packer/plan/line_lookup.h"
#include "packer/plan/live.h"
#include "packer/plan/merged.h"

namespace kontext {

class Slicer {
 public:
  // `next`: the listing that is planned for. `most_lines`: of the slice, with more than that a plan
  // from everything is faster. Refers to all of them.
  Slicer(const std::vector<const LineLookup*>& segments, const EntryLookup& next,
         size_t most_lines);

  // Asks for a path and what it depends on. The text must outlive this.
  void AddPath(std::string_view path) { AddPath(path, false); }
  // Asks for all of a segment. False: as Grow.
  bool AddSegment(size_t segment);
  // Makes the slice of all that was asked for since the beginning. False: it would have too many
  // lines.
  bool Grow();

  // By segment: its lines that are in the slice, and where each is among all of its lines.
  const SegmentLines& Lines(size_t segment) const { return parts_[segment].lines; }
  const std::vector<size_t>& Positions(size_t segment) const { return parts_[segment].positions; }
  // Of all of its lines.
  const HeldBytes& Held(size_t segment) const { return parts_[segment].held; }
  // The slice's part of the next listing; its views are that listing's.
  const Listing& next() const { return next_; }

 private:
  // What is in the slice of something that has more.
  struct Part {
    const LineLookup* all;
    HeldBytes held;
    std::vector<bool> has;
    std::vector<size_t> positions;
    SegmentLines lines;
  };

  struct Wanted {
    std::string_view path;
    bool with_all_below;
  };

  // `with_all_below`: a line there is no directory's.
  void AddPath(std::string_view path, bool with_all_below);
  void AddContentOf(const IndexEntry& line);
  void AddDependencies(const IndexEntry& line);
  bool IsDirNext(std::string_view path) const;
  void Take(const Wanted& wanted);
  void Take(const Digest& content);
  void TakeLine(Part* part, size_t position, const IndexEntry& line);
  void TakeNext(const Wanted& wanted);

  std::vector<Part> parts_;
  const EntryLookup& all_next_;
  size_t most_lines_;
  size_t taken_ = 0;
  std::unordered_map<std::string_view, bool> paths_;  // each with whether all below it is meant
  std::unordered_set<Digest, DigestHash> contents_;
  // Not looked up yet.
  std::vector<Wanted> new_paths_;
  std::vector<Digest> new_contents_;
  std::vector<bool> has_next_;
  std::vector<size_t> next_positions_;
  Listing next_;
};

}  // namespace kontext
