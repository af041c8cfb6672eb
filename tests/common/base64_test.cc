#include "common/base64.h"

#include <gtest/gtest.h>
#include <stdint.h>

#include <string>
#include <vector>

#include "tests/support/random.h"

namespace kontext {
namespace {

std::string Encode(const std::string& bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    char group[4];
    EncodeBase64Group(bytes.data() + i, std::min<size_t>(3, bytes.size() - i), group);
    text.append(group, 4);
  }
  return text;
}

// "!" when it is refused.
std::string Decode(std::string text) {
  size_t size = DecodeBase64InPlace(text.data(), text.size());
  return size == SIZE_MAX ? "!" : text.substr(0, size);
}

// RFC 4648, section 10
TEST(Base64Test, Rfc4648Vectors) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"},
                                                                    {"\xff\xfe", "//4="},
                                                                    {"\xfb\xef", "++8="}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Encode(bytes), text);
    EXPECT_EQ(Decode(text), bytes);
  }
}

TEST(Base64Test, RoundTripOfEveryLength) {
  Random random;
  for (size_t size = 0; size < 400; ++size) {
    std::string bytes = random.Bytes(size);
    ASSERT_EQ(Decode(Encode(bytes)), bytes) << size;
  }
}

TEST(Base64Test, RefusesAllButTheOneEncoding) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8",
                           "====", "Z===", "Zg==Zg==", "Zm8=Zm8=", "Zm 9", "Zm9v\n", "Zm9-", "Zm9_",
                           "=Zm9", "Z=m9", "Zg=a"}) {
    EXPECT_EQ(Decode(text), "!") << text;
  }
}

TEST(Base64Test, WhatIsTakenIsCanonical) {
  Random random;
  for (int i = 0; i < 50000; ++i) {
    std::string text = random.Text(4, "AQgwZm8=/+");
    std::string bytes = Decode(text);
    ASSERT_TRUE(bytes == "!" || Encode(bytes) == text) << text;
  }
}

}  // namespace
}  // namespace kontext
