#include "packer/pack/packed_spans.h"

#include <algorithm>
#include <cmath>

namespace kontext {
namespace {

// Of each 4 KiB the first 256 bytes: enough to tell kinds apart, and little beside hashing them
// all.
constexpr size_t kStride = 4096;
constexpr size_t kSample = 256;

// What no content is expected to fall below: headers and padding have to be paid for.
constexpr double kLeast = 0.002;

// Calls take(span, block, weight) for each part of a span that lies in a block.
template <typename Take>
void ForEachPart(const std::vector<ContentSpan>& spans, const std::vector<BlockEnd>& blocks,
                 const Take& take) {
  size_t block = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    uint64_t at = spans[i].begin;
    for (; block < blocks.size(); ++block) {
      uint64_t end = std::min(spans[i].end, blocks[block].input);
      if (at < end)
        take(i, block, static_cast<double>(end - at) * std::max(spans[i].gauge, kLeast));
      at = std::max(at, end);
      if (at == spans[i].end) break;
    }
  }
}

}  // namespace

void Gauge::Add(std::string_view bytes) {
  while (!bytes.empty()) {
    size_t into = seen_ % kStride;
    size_t part = std::min(bytes.size(), (into < kSample ? kSample : kStride) - into);
    if (into < kSample) {
      for (char c : bytes.substr(0, part)) ++counts_[static_cast<unsigned char>(c)];
    }
    seen_ += part;
    bytes.remove_prefix(part);
  }
}

// How seldom two bytes are alike says how many values there are as if all were equally frequent: 1
// to 256, of source text some 15. The root of their share is near enough to what gzip leaves.
double Gauge::Take() {
  double all = 0, alike = 0;
  for (uint32_t& count : counts_) {
    all += count;
    alike += static_cast<double>(count) * (count > 0 ? count - 1 : 0);
    count = 0;
  }
  seen_ = 0;
  if (alike <= 0) return 1;
  double values = std::clamp(all * (all - 1) / alike, 1.0, 256.0);
  return std::sqrt((values - 1) / 255);
}

std::vector<PackedContent> DividePacked(const std::vector<ContentSpan>& spans,
                                        const std::vector<BlockEnd>& blocks) {
  std::vector<double> weights(blocks.size());
  ForEachPart(spans, blocks,
              [&](size_t, size_t block, double weight) { weights[block] += weight; });
  std::vector<double> packed(spans.size());
  ForEachPart(spans, blocks, [&](size_t span, size_t block, double weight) {
    uint64_t begin = block > 0 ? blocks[block - 1].output : 0;
    packed[span] += weight / weights[block] * static_cast<double>(blocks[block].output - begin);
  });
  std::vector<PackedContent> contents;
  contents.reserve(spans.size());
  for (size_t i = 0; i < spans.size(); ++i) {
    contents.push_back({spans[i].bytes, static_cast<uint64_t>(packed[i])});
  }
  return contents;
}

}  // namespace kontext
