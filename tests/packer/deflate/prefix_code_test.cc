#include "packer/deflate/prefix_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>
#include <vector>

#include "tests/support/random.h"

namespace kontext {
namespace {

std::vector<uint8_t> Lengths(const std::vector<uint32_t>& counts, unsigned limit) {
  std::vector<uint8_t> lengths(counts.size());
  ChooseLengths(counts, limit, lengths);
  return lengths;
}

// What the symbols take in all.
uint64_t Cost(const std::vector<uint32_t>& counts, const std::vector<uint8_t>& lengths) {
  return std::inner_product(counts.begin(), counts.end(), lengths.begin(), uint64_t{0});
}

// The least that a prefix code of this limit takes, by packages (Larmore and Hirschberg, A Fast
// Algorithm for Optimal Length-Limited Huffman Codes, 1990).
uint64_t LeastCost(const std::vector<uint32_t>& counts, unsigned limit) {
  std::vector<uint64_t> leaves, list;
  std::copy_if(counts.begin(), counts.end(), std::back_inserter(leaves),
               [](uint32_t count) { return count > 0; });
  for (unsigned level = 0; level < limit; ++level) {
    std::vector<uint64_t> next = leaves;
    for (size_t i = 0; i + 1 < list.size(); i += 2) next.push_back(list[i] + list[i + 1]);
    std::sort(next.begin(), next.end());
    list = std::move(next);
  }
  return std::accumulate(list.begin(), list.begin() + 2 * std::ssize(leaves) - 2, uint64_t{0});
}

// 1 when each sequence of bits begins with a code.
double Filled(const std::vector<uint8_t>& lengths) {
  double sum = 0;
  for (uint8_t length : lengths) sum += length == 0 ? 0 : 1.0 / (1 << length);
  return sum;
}

TEST(PrefixCodeTest, RandomCounts) {
  Random random;
  for (int i = 0; i < 2000; ++i) {
    std::vector<uint32_t> counts(2 + random.Below(kMaxSymbols - 1));
    for (uint32_t& count : counts) {
      if (random.Percent(70))
        count = static_cast<uint32_t>(random.Bits() >> (40 + random.Below(24)));
    }
    unsigned limit = 12 + static_cast<unsigned>(random.Below(4));
    std::vector<uint8_t> lengths = Lengths(counts, limit);
    EXPECT_EQ(Filled(lengths), 1) << i;
    EXPECT_LE(*std::max_element(lengths.begin(), lengths.end()), limit) << i;
    if (std::count(counts.begin(), counts.end(), 0U) + 2 > std::ssize(counts)) continue;
    for (size_t n = 0; n < counts.size(); ++n) EXPECT_EQ(counts[n] == 0, lengths[n] == 0);
    uint64_t cost = Cost(counts, lengths), least = LeastCost(counts, limit);
    EXPECT_GE(cost, least) << i;
    bool met = *std::max_element(lengths.begin(), lengths.end()) == limit;
    EXPECT_LE(cost, least + (met ? least / 32 : 0)) << i << ": " << limit;
  }
}

TEST(PrefixCodeTest, FewSymbols) {
  using Bytes = std::vector<uint8_t>;
  EXPECT_EQ(Lengths({0, 0, 0}, 15), (Bytes{1, 1, 0}));
  EXPECT_EQ(Lengths({9, 0, 0}, 15), (Bytes{1, 1, 0}));
  EXPECT_EQ(Lengths({0, 9, 0}, 15), (Bytes{1, 1, 0}));
  EXPECT_EQ(Lengths({0, 0, 9}, 15), (Bytes{1, 0, 1}));
  EXPECT_EQ(Lengths({0, 1, 9}, 15), (Bytes{0, 1, 1}));
  EXPECT_EQ(Lengths({1, 2, 4}, 15), (Bytes{2, 2, 1}));
}

// Each code would be one bit longer than the one before.
TEST(PrefixCodeTest, TheLimitHolds) {
  std::vector<uint32_t> counts = {1, 1};
  while (counts.size() < 40) counts.push_back(counts.back() + counts[counts.size() - 2]);
  for (unsigned limit = 6; limit <= kMaxCodeLength; ++limit) {
    std::vector<uint8_t> lengths = Lengths(counts, limit);
    EXPECT_EQ(Filled(lengths), 1) << limit;
    EXPECT_LE(lengths[0], limit);
    EXPECT_TRUE(std::is_sorted(lengths.rbegin(), lengths.rend())) << limit;
  }
  EXPECT_EQ(Filled(Lengths(std::vector<uint32_t>(256, 1), 8)), 1) << "as many as there is room for";
}

// RFC 1951, section 3.2.2: the example; the first bit of a code is the lowest here.
TEST(PrefixCodeTest, CanonicalCodes) {
  const std::vector<uint8_t> lengths = {3, 3, 3, 3, 3, 2, 4, 4, 0};
  std::vector<Codeword> codes(lengths.size());
  AssignCodes(lengths, codes);
  const uint32_t want[] = {0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111, 0};
  for (size_t i = 0; i < lengths.size(); ++i) {
    EXPECT_EQ(codes[i].bits, want[i]) << i;
    EXPECT_EQ(codes[i].length, lengths[i]) << i;
  }
}

}  // namespace
}  // namespace kontext
