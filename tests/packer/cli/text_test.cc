#include "packer/cli/text.h"

#include <gtest/gtest.h>

namespace kontext::cli {
namespace {

TEST(TextTest, Grouped) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(5600), "5,600");
  EXPECT_EQ(Grouped(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(TextTest, Narrow) {
  EXPECT_EQ(Narrow(9'999, 5), "9,999");
  EXPECT_EQ(Narrow(10'000, 5), "10.0k");
  EXPECT_EQ(Narrow(99'949, 5), "99.9k");
  EXPECT_EQ(Narrow(99'950, 5), "100k");
  EXPECT_EQ(Narrow(999'500, 5), "1.0M");
  EXPECT_EQ(Narrow(UINT64_MAX, 5), "18.4E");
  EXPECT_EQ(Narrow(10'000, 6), "10,000");
  for (uint64_t n = 1; n < UINT64_MAX / 3; n *= 3) EXPECT_LE(Narrow(n, 5).size(), 5u) << n;
}

TEST(TextTest, Columns) {
  EXPECT_EQ(Columns(""), 0u);
  EXPECT_EQ(Columns("abc"), 3u);
  EXPECT_EQ(Columns("\u00e9\u2588"), 2u);
  EXPECT_EQ(Columns("\u6f22\u5b57"), 4u);
  EXPECT_EQ(Columns("\U0001f600"), 2u);
  EXPECT_EQ(Columns("\xff\xc3"), 2u);
  EXPECT_EQ(Columns("\xe6\xbc"), 2u);
}

TEST(TextTest, KeepEnd) {
  EXPECT_EQ(KeepEnd("a/b", 3), "a/b");
  EXPECT_EQ(KeepEnd("aa/bb/cc", 7), "...b/cc");
  EXPECT_EQ(KeepEnd("\u6f22\u5b57\u6f22\u5b57", 8), "\u6f22\u5b57\u6f22\u5b57");
  EXPECT_EQ(KeepEnd("\u6f22\u5b57\u6f22\u5b57", 7), "...\u6f22\u5b57");
  EXPECT_EQ(KeepEnd("\u6f22\u5b57\u6f22\u5b57", 6), "...\u5b57");
}

TEST(TextTest, Wrapped) {
  EXPECT_EQ(Wrapped("abcdefg", 3, "\n "), "abc\n def\n g");
  EXPECT_EQ(Wrapped("abc", 3, "\n "), "abc");
  EXPECT_EQ(Wrapped("a\u6f22", 2, "|"), "a|\u6f22");
}

TEST(TextTest, IsUtf8Locale) {
  EXPECT_TRUE(IsUtf8Locale(nullptr, nullptr, "en_US.UTF-8"));
  EXPECT_TRUE(IsUtf8Locale("", "C.utf8", "C"));
  EXPECT_FALSE(IsUtf8Locale("C", "C.UTF-8", "en_US.UTF-8"));
  EXPECT_FALSE(IsUtf8Locale(nullptr, nullptr, nullptr));
  EXPECT_FALSE(IsUtf8Locale(nullptr, nullptr, "de_DE.ISO-8859-1"));
}

TEST(TextTest, Bar) {
  const struct {
    uint64_t layer, live;
    const char* bar;
  } kCases[] = {
      {0, 0, ""},
      {1, 0, "."},
      {1000, 1000, "#"},
      {20'000, 20'000, "#####"},
      {20'000, 1, "#...."},
      {20'000, 0, "....."},
      {20'000, 10'000, "###.."},
      {1'100'000, 1'100'000, "###########"},
      {200'000'000, 100'000'000, "#########........."},
      {524'288'000, 524'288'000, "####################"},
      {UINT64_MAX, UINT64_MAX, "####################"},
      {100, 200, "#"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(Bar(test.layer, test.live, false), test.bar) << test.layer;
    EXPECT_EQ(Columns(Bar(test.layer, test.live, true)), std::string(test.bar).size());
  }
  EXPECT_EQ(Bar(2000, 1000, true), "\u2588\u2591");
}

}  // namespace
}  // namespace kontext::cli
