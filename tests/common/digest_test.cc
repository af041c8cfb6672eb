#include "common/digest.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/index_text.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

const std::string kHex = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";

TEST(DigestTest, HexRoundTrip) {
  Random random;
  for (int i = 0; i < 200; ++i) {
    Digest digest = Sha(random.Bytes(8));
    Digest back;
    ASSERT_TRUE(ParseHex(HexOf(digest), &back));
    EXPECT_EQ(back, digest);
    ASSERT_TRUE(ParseDigest("sha256:" + HexOf(digest), &back));
    EXPECT_EQ(back, digest);
  }
}

TEST(DigestTest, BytesAreInTheOrderOfTheDigits) {
  Digest digest;
  ASSERT_TRUE(ParseHex(kHex, &digest));
  EXPECT_EQ(digest.bytes[0], 0x00);
  EXPECT_EQ(digest.bytes[1], 0x11);
  EXPECT_EQ(digest.bytes[31], 0xef);
}

TEST(DigestTest, RefusesWhatIsNoHex) {
  const std::string bad[] = {"",
                             kHex.substr(1),
                             kHex + "0",
                             "A" + kHex.substr(1),
                             "g" + kHex.substr(1),
                             " " + kHex.substr(1),
                             kHex.substr(1) + '\0',
                             "/" + kHex.substr(1),
                             ":" + kHex.substr(1),
                             "`" + kHex.substr(1)};
  for (const std::string& text : bad) {
    Digest digest;
    EXPECT_FALSE(ParseHex(text, &digest)) << text;
    EXPECT_FALSE(ParseDigest("sha256:" + text, &digest)) << text;
  }
}

TEST(DigestTest, RefusesOtherPrefixes) {
  for (const char* prefix : {"", "sha256", "SHA256:", "sha512:", "sha256::", " sha256:"}) {
    Digest digest;
    EXPECT_FALSE(ParseDigest(prefix + kHex, &digest)) << prefix;
  }
}

TEST(DigestTest, OrderIsThatOfTheDigits) {
  Random random;
  for (int i = 0; i < 200; ++i) {
    Digest a = Sha(random.Bytes(4));
    Digest b = Sha(random.Bytes(4));
    EXPECT_EQ(a < b, HexOf(a) < HexOf(b));
  }
}

}  // namespace
}  // namespace kontext
