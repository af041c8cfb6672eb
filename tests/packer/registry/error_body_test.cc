#include "packer/registry/error_body.h"

#include <gtest/gtest.h>

#include <string>

namespace kontext {
namespace {

TEST(ErrorBodyTest, FindsCodeAndMessage) {
  struct Row {
    std::string body;
    const char* code;
    const char* message;
  };
  const Row rows[] = {
      {"", "", ""},
      {R"({"errors":[{"code":"A","message":"b"},{"code":"C"}]})", "A", "b"},
      {R"({"errors":[{"code":"A","message":"b","detail":{"x":[1]}}]})", "A", "b"},
      {R"({"errors":[{"code":"A"}]})", "A", "A"},
      {R"({"errors":[{"code":7,"message":null}]})", "", ""},
      {R"({"errors":[]})", "", R"({"errors":[]})"},
      {R"({"errors":[1]})", "", R"({"errors":[1]})"},
      {R"({"message":"x"})", "", R"({"message":"x"})"},
      {std::string("a\x1b[31m\0b\x7f", 8), "", "a [31m b"},
      {"  \r\n two\tlines\n", "", "two lines"},
      {" <html>", "", ""},
      {"caf\xe9 \xff.", "", "caf\xef\xbf\xbd \xef\xbf\xbd."},
      {"caf\xc3\xa9 \xe2\x82\xac", "", "caf\xc3\xa9 \xe2\x82\xac"},
      {"a\xc2\x9b"
       "31mb\xe2\x80\xa8"
       "c\xe2\x80\xae"
       "d\xe2\x81\xa6"
       "e\xc2\xa0"
       "f",
       "",
       "a 31mb c d e\xc2\xa0"
       "f"},
      {R"({"errors":[{"message":"a\u001b[31m\u009bb\u2028c"}]})", "", "a [31m b c"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.body);
    EXPECT_EQ(ParseErrorBody(row.body).code, row.code);
    EXPECT_EQ(ParseErrorBody(row.body).message, row.message);
  }
}

TEST(ErrorBodyTest, IsBounded) {
  std::string nested = R"({"errors":)" + std::string(1 << 20, '[');
  EXPECT_LE(ParseErrorBody(nested).message.size(), 200u);
  // Cut between characters: 197 bytes are 65 of three bytes and a bit.
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "€";
  std::string cut = ParseErrorBody(wide).message;
  EXPECT_EQ(cut.size(), 65 * 3 + 3u);
  EXPECT_TRUE(cut.ends_with("€…"));
}

TEST(ErrorBodyTest, DescribesAnAnswer) {
  EXPECT_EQ(DescribeAnswer({503, {}, "later\n", ""}), "503 Service Unavailable: later");
  EXPECT_EQ(DescribeAnswer({599, {}, "", ""}), "599");
}

}  // namespace
}  // namespace kontext
