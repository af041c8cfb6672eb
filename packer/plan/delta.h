// Computes what a new segment must say and hold, given what the kept ones list and show.
#pragma once

#include <cstdint>
#include <vector>

#include "packer/plan/listing.h"
#include "packer/plan/merged.h"

namespace kontext {

// One segment to write. `lines` are index lines in index order, without `object` lines: those
// follow from the files whose `at` names the objects folder and that are in `stored`. Views point
// into the listing and the delta that it was computed from.
struct Segment {
  std::vector<IndexEntry> lines;
  // Files whose content goes into this segment's layer, positions in `lines`, ascending.
  std::vector<size_t> stored;
  uint64_t stored_bytes = 0;
};

// What the image needs of an earlier segment once a delta lies on top.
struct SegmentUse {
  // Its lines for the content that some entry points at, each once.
  std::vector<const IndexEntry*> contents;
  uint64_t lines = 0;  // index lines that still say something
  // Content that the delta stores although the segments below hold it, because this one hides it.
  uint64_t hides = 0;
};

struct Delta {
  Segment segment;
  TextArena text;               // paths that `lines` point to
  std::vector<SegmentUse> use;  // of each segment of `old`

  bool empty() const { return segment.lines.empty(); }
};

// The segment that turns `old` into `next`. `mirror`: below BasePath the layers then show exactly
// `next`, as far as names can be stored. Pure.
Delta ComputeDelta(const Merged& old, const Listing& next, bool mirror);

// Gives every directory on the way to one of the segment's paths a line. In a mirror a layer says
// so which modes it gives to what it passes through: whoever keeps it later must know. Each part of
// a split segment needs its own.
void AddParents(const Listing& listing, Segment* segment);

// Where `bytes` of content are split into parts of about `limit`, 1.3 x `limit` at most: how much
// the parts up to each hold together. Of several, the last hold a half and a quarter of what the
// others do: a layer is sent while the next is packed, so the last ones are what a push waits for.
std::vector<uint64_t> PartEnds(uint64_t bytes, uint64_t limit);

// Splits a segment there, in order, at the nearest file. At least one part; none without content
// unless the segment has none.
std::vector<Segment> Split(Segment segment, uint64_t limit);

}  // namespace kontext
