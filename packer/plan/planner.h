// Decides which of the earlier segments a push keeps. Whatever it decides, the image is right: the
// new segment is computed from what the kept ones show (design 3.3, rule 3). Pure.
//
// The policy. A push drops, and so writes again into its new segment what is live in them:
//
// 1. segments whose layers only hide what the image needs again (a change taken back), and those
//    that would have to be copied from another registry for less than is live in them;
// 2. all, when the change is most of the tree, more than twice what is left of the old one;
// 3. garbage: the segments with the most dead bytes for each live one, until what is stored is at
//    most 2 x live + 4 MiB;
// 4. when there are more than `small_segments` of less than `small_bytes`, the new one included:
//    the small ones with the least live bytes, and with them all others of about that size;
// 5. when there are more than max_segments: as few as possible, those with the least live bytes.
//
// The bounds, in compressed bytes. (What of a layer is live is not known exactly: a segment's
// content is taken to compress alike. A tree that holds both much that does and much that does not
// may be off by that much.)
//
// Stored: at most 2 x live + 4 MiB, by rule 3.
//
// Layers: `small_segments` small ones; the others are at most 2 x live / small_bytes + 1; the base;
// and never more than max_segments + 1 in all.
//
// Upload, amortised: a byte is written by its own push, and again each time that rule 4 takes its
// segment. With k small segments, merging all of the smallest class whenever there is no room
// rewrites each byte of n equal changes at most m times, where m is the least with C(m + k, k) >=
// n: the binomial merge schedule (Bentley and Saxe, "Decomposable Searching Problems I", 1980;
// Mathieu et al., "Bigtable Merge Compaction", 2014). A segment that has grown to small_bytes is
// left alone until it is garbage. So with k = 8, a byte is written at most 1 + m times, m <= 14 for
// small_bytes / change = 2^18: at most c x log2(small_bytes / change) x change with c = 1. Rule 3
// writes at most one live byte for each byte that became garbage.
//
// The curve between layers and upload, and why k is 8, is what tests/bench/plan_simulation prints:
// from 4 to 8 the bytes sent fall by half or more, from 8 on each further layer saves a few
// percent, and an image with its base and a few large segments stays at 12 layers or so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kontext {

struct PlanLimits {
  // Segments of an image. Some runtimes fail near 60 layers; the base is one more (design 3.4).
  size_t max_segments = 47;
  size_t small_segments = 8;
  uint64_t small_bytes = uint64_t{16} << 20;
};

// Compressed bytes.
struct SegmentStats {
  uint64_t stored = 0;  // its layer
  uint64_t live = 0;    // what the image still needs of it
  uint64_t hides = 0;   // what the push need not store if this segment goes
  bool large =
      false;  // holds so much content that it is none of the small ones, however compressed
  bool copied = false;  // keeping it means sending its layer
};

struct PlanChange {
  uint64_t bytes = 0;   // compressed, about: what a segment on top of all the old ones would hold
  size_t segments = 1;  // in how many parts
};

// Which of the old segments to keep; bottom to top.
std::vector<bool> ChooseKept(std::span<const SegmentStats> old, const PlanChange& change,
                             const PlanLimits& limits);

}  // namespace kontext
