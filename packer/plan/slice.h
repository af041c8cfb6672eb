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

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "common/path.h"
#include "packer/plan/live.h"
#include "packer/plan/merged.h"

namespace kontext {

// Gives a segment's lines in index order, each time anew; a line's views need be valid until the
// next one only. False: they are not there after all.
using VisitLines = std::function<bool(const std::function<void(const IndexEntry& line)>& take)>;

// With more than that, a plan from everything is faster.
struct SliceLimits {
  size_t lines = SIZE_MAX;   // of the slice
  size_t passes = SIZE_MAX;  // over all lines; each finds what depends on what the last one found
};

// Paths, some with all that is below them.
class PathSet {
 public:
  // False: it was there already.
  bool Add(std::string_view path, bool with_all_below);

  struct Less {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return ComparePaths(a, b) < 0; }
  };
  // Each with whether all below it is meant, in the order of ComparePaths.
  const std::map<std::string, bool, Less>& paths() const { return paths_; }

  // Looks up paths that come in the order of ComparePaths.
  class Cursor {
   public:
    explicit Cursor(const PathSet& set) : next_(set.paths_.begin()), end_(set.paths_.end()) {}
    bool Has(std::string_view path);

   private:
    std::map<std::string, bool, Less>::const_iterator next_, end_;
    std::string_view last_, within_;  // passed by; empty: none
  };

 private:
  std::map<std::string, bool, Less> paths_;
};

class Slicer {
 public:
  // `next`: the listing that is planned for.
  Slicer(std::vector<VisitLines> segments, const Listing& next, const SliceLimits& limits);

  // Asks for a path and what it depends on.
  void AddPath(std::string_view path) { AddPath(path, false); }
  // Asks for all of a segment. False: as Grow.
  bool AddSegment(size_t segment);
  // Makes the slice of all that was asked for since the beginning. False: it would pass a limit, or
  // lines are not there.
  bool Grow();

  // By segment: its lines that are in the slice, and where each is among all of its lines.
  const std::vector<SegmentLines>& lines() const { return lines_; }
  const std::vector<size_t>& Positions(size_t segment) const { return positions_[segment]; }
  // Of all of its lines.
  const HeldBytes& Held(size_t segment) const { return held_[segment]; }
  // The slice's part of the next listing; its views are that listing's.
  const Listing& next() const { return next_; }

 private:
  // `with_all_below`: a line there is no directory's.
  void AddPath(std::string_view path, bool with_all_below);
  void AddContentOf(const IndexEntry& line);
  void AddDependencies(const IndexEntry& line);
  bool IsDirNext(std::string_view path) const;
  bool HasContent(const Digest& digest) const;
  void TakeNext();
  bool Pass();
  bool PassOver(size_t segment);

  std::vector<VisitLines> segments_;
  const Listing& all_next_;
  SliceLimits limits_;
  size_t passes_ = 0;
  PathSet paths_;
  std::unordered_set<Digest, DigestHash> contents_;
  std::bitset<1 << 16> beginnings_;  // of their digests: most lines are passed by at a look
  // The same, and a bit more, of the contents of lines that this pass has passed by: none of them
  // has what is wanted only now, mostly, and another pass would find nothing.
  std::vector<bool> passed_by_;
  bool grown_ = true;  // since the last pass, by what may be in lines that it passed by
  std::vector<SegmentLines> lines_;
  std::vector<std::vector<size_t>> positions_;
  std::vector<HeldBytes> held_;
  Listing next_;
};

}  // namespace kontext
