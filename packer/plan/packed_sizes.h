// How much of a layer its contents take: a hint on the layer's descriptor, by which the planner
// weighs what is live of it (FORMAT.md, section 1). Pure.
//
// "120:4100,1:20480,33:160": the first 120 contents, in the order of the index, take 4,100 KiB of
// the layer, the next one 20 MiB, and so on. Within such a run, contents are taken to compress
// alike; a layer that is one run has no hint.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kontext {

struct PackedContent {
  uint64_t bytes = 0;
  uint64_t packed = 0;  // what is left of them, compressed
};

// A further run has to save this much misjudged content, or 1/1024 of the layer when that is more.
inline constexpr uint64_t kRunWorth = 8 << 10;
inline constexpr size_t kMostRuns = 256;  // of a few bytes each, in every manifest from then on

// The hint for a layer's contents; empty when one run does for all. Nothing counts as misjudged
// that compresses up to 1.4 times better or worse than other contents of its run, so that all of a
// source tree is a few runs. When that makes more than kMostRuns, a run has to save more.
std::string WritePackedSizes(const std::vector<PackedContent>& contents);

// Sets `packed` of contents whose `bytes` are known. False, and all as it was, when the hint is
// none for these.
bool ReadPackedSizes(std::string_view hint, std::vector<PackedContent>* contents);

}  // namespace kontext
