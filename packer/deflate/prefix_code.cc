#include "packer/deflate/prefix_code.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

namespace kontext {
namespace {

struct Leaf {
  uint32_t count;
  uint16_t symbol;
};

// In place, of `size` >= 2 counts that rise: each becomes the depth of its leaf, so they fall.
// Moffat and Katajainen, In-Place Calculation of Minimum-Redundancy Codes (1995).
void CountsToDepths(uint32_t* nodes, size_t size) {
  // The tree, from its leaves: an inner node is written where a used leaf was, and a used inner
  // node becomes the index of its parent.
  size_t leaf = 0, inner = 0;
  for (size_t next = 0; next + 1 < size; ++next) {
    uint32_t sum = 0;
    for (int child = 0; child < 2; ++child) {
      if (leaf >= size || (inner < next && nodes[inner] < nodes[leaf])) {
        sum += nodes[inner];
        nodes[inner++] = static_cast<uint32_t>(next);
      } else {
        sum += nodes[leaf++];
      }
    }
    nodes[next] = sum;
  }
  // The depths of the inner nodes, from the root.
  nodes[size - 2] = 0;
  for (size_t i = size - 2; i-- > 0;) nodes[i] = nodes[nodes[i]] + 1;
  // Those of the leaves: whatever a level has room for beside its inner nodes.
  size_t root = size - 1, free = 1;
  uint32_t depth = 0;
  for (size_t out = size; out > 0; ++depth) {
    size_t used = 0;
    for (; root > 0 && nodes[root - 1] == depth; --root) ++used;
    for (size_t i = used; i < free; ++i) nodes[--out] = depth;
    free = 2 * used;
  }
}

// `used[n]` codes have length n; those that were longer were cut to `limit`, for which there is no
// room. Makes a shorter code one bit longer, which gives room for one of them, until all have it.
void MakeComplete(unsigned limit, uint32_t* used) {
  uint32_t room = uint32_t{1} << limit, taken = 0;
  for (unsigned n = 1; n <= limit; ++n) taken += used[n] << (limit - n);
  for (; taken > room; --taken) {
    unsigned n = limit - 1;
    while (used[n] == 0) --n;
    --used[n];
    used[n + 1] += 2;
    --used[limit];
  }
}

uint32_t Reversed(uint32_t code, unsigned length) {
  uint32_t reversed = 0;
  for (; length > 0; --length, code >>= 1) reversed = reversed << 1 | (code & 1);
  return reversed;
}

}  // namespace

void ChooseLengths(std::span<const uint32_t> counts, unsigned limit, std::span<uint8_t> lengths) {
  std::array<Leaf, kMaxSymbols> leaves;
  size_t size = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    lengths[i] = 0;
    if (counts[i] > 0) leaves[size++] = {counts[i], static_cast<uint16_t>(i)};
  }
  if (size < 2) {
    lengths[0] = lengths[size == 1 && leaves[0].symbol > 0 ? leaves[0].symbol : 1] = 1;
    return;
  }
  std::sort(leaves.begin(), leaves.begin() + size, [](const Leaf& a, const Leaf& b) {
    return std::tie(a.count, a.symbol) < std::tie(b.count, b.symbol);
  });
  std::array<uint32_t, kMaxSymbols> nodes;
  for (size_t i = 0; i < size; ++i) nodes[i] = leaves[i].count;
  CountsToDepths(nodes.data(), size);
  std::array<uint32_t, kMaxCodeLength + 1> used{};
  for (size_t i = 0; i < size; ++i) ++used[std::min(nodes[i], limit)];
  MakeComplete(limit, used.data());
  // The rarest get the longest.
  const Leaf* leaf = leaves.data();
  for (unsigned n = limit; n > 0; --n) {
    for (uint32_t i = 0; i < used[n]; ++i) lengths[(leaf++)->symbol] = static_cast<uint8_t>(n);
  }
}

void AssignCodes(std::span<const uint8_t> lengths, std::span<Codeword> codes) {
  std::array<uint32_t, kMaxCodeLength + 1> used{}, next{};
  for (uint8_t length : lengths) ++used[length];
  used[0] = 0;
  for (unsigned n = 1; n <= kMaxCodeLength; ++n) next[n] = (next[n - 1] + used[n - 1]) << 1;
  for (size_t i = 0; i < lengths.size(); ++i) {
    unsigned length = lengths[i];
    codes[i] = {length == 0 ? 0 : Reversed(next[length]++, length), length};
  }
}

}  // namespace kontext
