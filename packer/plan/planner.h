// Decides which of the earlier segments a push keeps. Pure. Whatever it decides, the image is
// right: the new segment is computed from what the kept ones show (design 3.3, rule 3).
//
// The policy
//
// A push drops a segment for one of these reasons, looked at in this order. What is live in it goes
// into the new segment.
//
// 1. Its layer only hides what the image needs again (a change that was taken back), or it would
//    have to be copied from another registry for less than is live in it.
// 2. The change is most of the tree, more than twice what is left of the old one: all go.
// 3. Garbage: those with the most dead bytes for each live one, until what is stored is at most
//    15/8 x live + 3 MiB.
// 4. There are more than `small_segments` of less than `small_bytes`, the new one included: those
//    of them with the least live bytes, and with these all others of about their size.
// 5. There are more than `max_segments`: as few as possible, those with the least live bytes.
//
// The bounds, in compressed bytes
//
// Layers: the base; `small_segments` small ones; of others at most 2 x live / small_bytes + 1; and
// never more than max_segments + 1 in all.
//
// Stored: at most 2 x live + 4 MiB. Rule 3 stays below that, since how much of a layer its live
// contents are is not known exactly. The packer measures it when it writes a layer, and says it by
// a hint on the layer's descriptor (packed_sizes.h). The bound holds while the estimates are no
// more than a sixteenth of what is live and 512 KiB too high; tests/packer/push_garbage_test.cc
// holds it against images of mixed contents. It may be missed where a layer's hint is lost, which
// some copying tools do, or too coarse, because contents of different kinds alternate more than 256
// times in it: they are then taken to compress alike.
//
// Sent, amortised: at most c x log2(small_bytes / change) x change, with c = 1, beside garbage. A
// byte is written by its own push, and again each time that rule 4 takes its segment. With k small
// segments, merging all of the smallest class whenever there is no room writes each byte of n equal
// changes again at most m times, where m is the least with C(m + k, k) >= n: the binomial merge
// schedule (Bentley and Saxe, "Decomposable Searching Problems I", 1980; Mathieu et al., "Bigtable
// Merge Compaction", 2014). A segment that has grown to small_bytes is left alone until it is
// garbage, so n is at most small_bytes / change. For k = 8 and n = 2^18, m is 14: a byte is written
// 1 + m = 15 times, less than log2(n) = 18. Rule 3 adds at most one live byte for each byte that
// became garbage.
//
// Why k is 8: tests/bench/plan_simulation prints the curve between layers and bytes sent. From 4 to
// 8 the bytes fall by a third, and by two thirds where every push is a small edit; from 8 on, each
// further layer saves a few percent; and an image with its base and a few large segments stays at
// 12 layers or so.
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
  // It holds so much content that it is none of the small ones, however well it compresses.
  bool large = false;
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
