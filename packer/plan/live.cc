#include "packer/plan/live.h"

#include <algorithm>
#include <unordered_set>

#include "packer/plan/merged.h"
#include "packer/plan/packed_sizes.h"

namespace kontext {
namespace {

// What a line weighs in a compressed index beside the content that it is about: a digest does not
// compress, the rest does (kernel source: 40 bytes a line).
constexpr uint64_t kLineBytes = 40;

// Half a part of a large first push.
constexpr uint64_t kLargeContent = uint64_t{128} << 20;

uint64_t Scale(uint64_t part, uint64_t whole, uint64_t bytes) {
  return static_cast<uint64_t>(static_cast<double>(part) / static_cast<double>(whole) *
                               static_cast<double>(bytes));
}

// What each of a segment's contents weighs, in the order of their lines: about its share of the
// layer when there is a hint, else its bytes before compression.
std::vector<PackedContent> Weigh(const HeldBytes& held, std::string_view packed_sizes) {
  std::vector<PackedContent> contents;
  contents.reserve(held.lines().size());
  for (uint64_t bytes : held.lines()) {
    if (bytes != HeldBytes::kNothing) contents.push_back({bytes, bytes});
  }
  if (!packed_sizes.empty()) ReadPackedSizes(packed_sizes, &contents);
  return contents;
}

// The live bytes of a layer.
uint64_t LiveBytes(const OldLayer& layer, const HeldBytes& held, const LiveLines& live) {
  std::vector<PackedContent> contents = Weigh(held, layer.packed_sizes);
  uint64_t whole = kLineBytes * held.lines().size();
  uint64_t used = kLineBytes * live.lines;
  auto content = contents.begin();
  for (size_t i = 0; i < held.lines().size(); ++i) {
    if (held.lines()[i] == HeldBytes::kNothing) continue;
    whole += content->packed;
    if (live.contents[i]) used += content->packed;
    ++content;
  }
  return whole == 0 ? 0 : Scale(std::min(used, whole), whole, layer.bytes);
}

}  // namespace

HeldBytes::HeldBytes(const SegmentLines& segment) {
  Reserve(segment.lines.size());
  for (const IndexEntry& line : segment.lines) Add(HoldsContent(line) ? line.size : kNothing);
}

uint64_t HeldBytes::Weight() const {
  return std::max<uint64_t>(kLineBytes * lines_.size() + contents_, 1);
}

LiveLines LiveLinesOf(const SegmentLines& segment, const SegmentUse& use) {
  LiveLines live{std::vector<bool>(segment.lines.size()), use.lines};
  for (const IndexEntry* content : use.contents) {
    live.contents[static_cast<size_t>(content - segment.lines.data())] = true;
  }
  return live;
}

LiveLines LiveLinesOf(const Segment& segment) {
  std::unordered_set<Digest, DigestHash> objects;
  for (size_t stored : segment.stored) {
    const IndexEntry& line = segment.lines[stored];
    if (!line.at.empty()) objects.insert(line.sha256);
  }
  LiveLines live{std::vector<bool>(objects.size(), true), segment.lines.size()};
  live.contents.reserve(objects.size() + segment.lines.size());
  for (const IndexEntry& line : segment.lines) live.contents.push_back(HoldsContent(line));
  return live;
}

SegmentStats StatsOf(const OldLayer& layer, const HeldBytes& held, const LiveLines& live,
                     uint64_t hides) {
  uint64_t weight = held.Weight();
  return {layer.bytes, LiveBytes(layer, held, live), Scale(hides, weight, layer.bytes),
          weight >= kLargeContent, layer.copied};
}

uint64_t PackedLike(const std::vector<OldLayer>& layers, uint64_t weight, const Segment& segment) {
  uint64_t bytes = 0;
  for (const OldLayer& layer : layers) bytes += layer.bytes;
  uint64_t added = segment.stored_bytes + kLineBytes * segment.lines.size();
  return weight > 0 ? Scale(added, weight, bytes) : added;
}

}  // namespace kontext
