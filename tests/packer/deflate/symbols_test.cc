#include "packer/deflate/symbols.h"

#include <gtest/gtest.h>

namespace kontext {
namespace {

// RFC 1951, section 3.2.5: some lines of both tables, and that they follow on each other.
TEST(DeflateSymbolsTest, Lengths) {
  EXPECT_EQ(kLengths[7].base, 10);
  EXPECT_EQ(kLengths[8].base, 11);
  EXPECT_EQ(kLengths[8].extra_bits, 1);
  EXPECT_EQ(kLengths[27].base, 227);
  EXPECT_EQ(kLengths[27].extra_bits, 5);
  EXPECT_EQ(kLengths[28].base, 258);
  EXPECT_EQ(kLengths[28].extra_bits, 0);
  for (unsigned length = 3; length <= kMaxMatch; ++length) {
    const Range& range = kLengths[kRangesOfLengths[length]];
    EXPECT_GE(length, range.base);
    EXPECT_LT(length, range.base + (1U << range.extra_bits));
  }
}

TEST(DeflateSymbolsTest, Distances) {
  EXPECT_EQ(kDistances[3].base, 4);
  EXPECT_EQ(kDistances[4].base, 5);
  EXPECT_EQ(kDistances[4].extra_bits, 1);
  EXPECT_EQ(kDistances[29].base, 24577);
  EXPECT_EQ(kDistances[29].extra_bits, 13);
  for (unsigned distance = 1; distance <= kWindow; ++distance) {
    const Range& range = kDistances[DistanceSymbol(distance)];
    EXPECT_GE(distance, range.base);
    EXPECT_LT(distance, range.base + (1U << range.extra_bits));
  }
}

}  // namespace
}  // namespace kontext
