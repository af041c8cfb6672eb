#include "packer/hash.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/random.h"

namespace kontext {
namespace {

// Pieces of any length, so that sometimes neither, one or both are at a block's end.
TEST(Hasher, UpdateBothIsAnUpdateOfEach) {
  Random random;
  for (int round = 0; round < 500; ++round) {
    Hasher a, b;
    std::string a_text, b_text;
    for (size_t pieces = random.Below(6); pieces > 0; --pieces) {
      std::string start = random.Bytes(random.Below(3) == 0 ? random.Below(100) : 0);
      a.Update(start);
      a_text += start;
      size_t size = random.Below(2) == 0 ? 64 * random.Below(20) : random.Below(1000);
      std::string more_a = random.Bytes(size);
      std::string more_b = random.Bytes(size);
      Hasher::UpdateBoth(&a, more_a.data(), &b, more_b.data(), size);
      a_text += more_a;
      b_text += more_b;
    }
    ASSERT_EQ(a.FinishString(), DigestOf(a_text));
    ASSERT_EQ(b.FinishString(), DigestOf(b_text));
  }
}

// The count of bits does not fit one of its two words.
TEST(Hasher, UpdateBothCountsBeyondHalfAGibibyte) {
  std::string piece(size_t{1} << 24, 'x');
  Hasher a, b, alone;
  for (int i = 0; i < 33; ++i) {
    Hasher::UpdateBoth(&a, piece.data(), &b, piece.data(), piece.size());
    alone.Update(piece);
  }
  std::string want = alone.FinishString();
  EXPECT_EQ(a.FinishString(), want);
  EXPECT_EQ(b.FinishString(), want);
}

}  // namespace
}  // namespace kontext
