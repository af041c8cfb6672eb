#include "packer/scan/quick_hash.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/index_text.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

uint64_t Quick(std::string_view text) {
  QuickHasher hasher;
  hasher.Update(text);
  return hasher.Finish();
}

TEST(QuickHashTest, InAnyPiecesTheSame) {
  Random random;
  std::string text = random.Bytes(100000);
  QuickHasher hasher;
  for (size_t piece : {1, 64, 1000, 65536}) {
    for (size_t i = 0; i < text.size(); i += piece) {
      hasher.Update(std::string_view(text).substr(i, piece));
    }
    EXPECT_EQ(hasher.Finish(), Quick(text)) << piece;
  }
}

TEST(QuickHashTest, AnyFlippedBitIsSeen) {
  std::string text = "some text, longer than one lane of the hash is wide, as files are";
  for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string other = text;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    EXPECT_NE(Quick(other), Quick(text)) << bit;
  }
}

TEST(QuickHashesTest, FindsWhatWasAdded) {
  QuickHashes all;
  QuickHashes part;
  for (int i = 0; i < 1000; ++i) {
    (i % 2 == 0 ? all : part).Add(Sha(std::to_string(i)), static_cast<uint64_t>(i));
  }
  all.Add(part);
  all.Sort();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(all.Find(Sha(std::to_string(i))), static_cast<uint64_t>(i));
  }
  EXPECT_EQ(all.Find(Sha("another")), std::nullopt);
}

}  // namespace
}  // namespace kontext
