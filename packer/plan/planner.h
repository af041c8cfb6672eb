// Decides how many of the earlier segments a push keeps. Whatever it decides, the image is right:
// the new segment is computed from what the kept ones show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kontext {

struct PlanLimits {
  // Segments of an image. Some runtimes fail near 60 layers; the base is one more (design 3.4).
  size_t max_segments = 47;
};

// How many segments to keep, from the bottom; 0: start clean. `old`: compressed bytes of the
// layers, bottom to top. `change_bytes`: content that a delta on all of them would store;
// `tree_bytes`: all content. `added`: how many segments that delta makes. Pure.
//
// All are kept while there is room, so a push costs its change. When there is none, the segments on
// top that together are no larger than half of the next one below are folded into the new one:
// sizes then grow downwards, a large segment is rewritten only by as much new content, and room
// comes back in steps of many layers. When most of the tree changed, keeping the rest saves little
// and holds on to garbage: start clean.
size_t ChooseKept(std::span<const uint64_t> old, uint64_t change_bytes, uint64_t tree_bytes,
                  size_t added, const PlanLimits& limits);

}  // namespace kontext
