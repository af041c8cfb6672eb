#include "packer/registry/secrets.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kontext {
namespace {

TEST(SecretsTest, AreBlanked) {
  const std::string secrets[] = {"hunter2", "", "ab", "ttt-ttt"};
  EXPECT_EQ(Blank("hunter2 abhunter2 ttt-ttt-ttt", secrets), "*** ab*** ***-ttt");
  EXPECT_EQ(Blank("", secrets), "");
}

TEST(SecretsTest, AreBlankedInTheirEscapes) {
  struct Row {
    const char* secret;
    const char* text;
    const char* shown;
  };
  const Row rows[] = {
      {"p\"w\\d/1", R"({"message":"bad p\"w\\d\/1!"})", R"({"message":"bad ***!"})"},
      {"p\"w\\d/1", "plain p\"w\\d/1", "plain ***"},
      {"p\"w\\d/1", "?p=p%22w%5cd%2F1&q", "?p=***&q"},
      {"p\"w\\d/1", R"("{\"message\":\"p\\\"w\\\\d/1\"}")", R"("{\"message\":\"***\"}")"},
      {"a&b<c>", R"(a\u0026b\u003Cc\u003e.)", "***."},
      {"p\xc3\xa4ss", R"(p\u00e4ss)", "***"},
      {"key\xf0\x9f\x94\x91", R"(-key\ud83d\udd11-)", "-***-"},
      {"a\nb\tc", R"(a\nb\tc)", "***"},
      {"pass", R"(\u00 %p \x %zz \)", R"(\u00 %p \x %zz \)"},
      {"aaaa", "aaaaaaaaa", "******a"},
      {"\xc3\xa4\xc3\xa4\xc3", R"(\u00e4\u00e4\u00e4.)", "***."},
  };
  for (const Row& row : rows) {
    const std::string secrets[] = {row.secret};
    EXPECT_EQ(Blank(row.text, secrets), row.shown) << row.text;
  }
}

TEST(SecretsTest, ThatOverlapAreOne) {
  const std::string secrets[] = {"abcdef", "defghi"};
  EXPECT_EQ(Blank("-abcdefghi-", secrets), "-***-");
}

TEST(SecretsTest, OfAUrl) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(SecretsOfUrl("http://me:p%40ss@proxy:3128/x@y"),
            (Texts{"me:p%40ss", "p%40ss", "p@ss", "bWU6cEBzcw=="}));
  EXPECT_EQ(SecretsOfUrl("me:pw@proxy:bad"), (Texts{"me:pw", "pw", "pw", "bWU6cHc="}));
  for (const char* url : {"", "http://proxy:3128", "http://me@proxy:3128", "proxy"}) {
    EXPECT_TRUE(SecretsOfUrl(url).empty()) << url;
  }
}

}  // namespace
}  // namespace kontext
