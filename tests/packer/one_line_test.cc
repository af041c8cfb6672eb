#include "packer/one_line.h"

#include <gtest/gtest.h>

#include <string>

namespace kontext {
namespace {

TEST(OneLineTest, Table) {
  const struct {
    const char* name;
    std::string text, shown;
  } kCases[] = {
      {"plain", "a b~\\", "a b~\\"},
      {"letters of other scripts", "\u00e9\u6f22\U0001f600", "\u00e9\u6f22\U0001f600"},
      {"ends of line", "a\nb\r\tc", "a\\nb\\r\\tc"},
      {"control characters", std::string("\x1b[2J\x7f\0", 6), "\\x1b[2J\\x7f\\x00"},
      {"control characters of two bytes", "\u0085\u009b", "\\xc2\\x85\\xc2\\x9b"},
      {"line and paragraph separator", "\u2028\u2029", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9"},
      {"direction", "\u202e\u2066\u200f", "\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\x8f"},
      {"lone bytes", "\x9b\xff\xc2", "\\x9b\\xff\\xc2"},
  };
  for (const auto& test : kCases) EXPECT_EQ(OneLine(test.text), test.shown) << test.name;
}

}  // namespace
}  // namespace kontext
