#include "packer/registry/challenge.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/random.h"

namespace kontext {
namespace {

// "scheme name=value|name=value; scheme".
std::string Show(const std::vector<Challenge>& challenges) {
  std::string text;
  for (const Challenge& challenge : challenges) {
    text += (text.empty() ? "" : "; ") + challenge.scheme;
    char separator = ' ';
    for (const auto& [name, value] : challenge.parameters) {
      text += separator + name + "=" + value;
      separator = '|';
    }
  }
  return text;
}

TEST(ChallengeTest, ReadsWhatRegistriesSend) {
  struct Row {
    const char* header;
    const char* read;
  };
  const Row rows[] = {
      {"", ""},
      {R"(Bearer realm="https://a.io/token",service="r.io",scope="repository:a/b:pull,push")",
       "Bearer realm=https://a.io/token|scope=repository:a/b:pull,push|service=r.io"},
      {R"(BASIC realm="Sonatype Nexus Repository Manager")",
       "BASIC realm=Sonatype Nexus Repository Manager"},
      {R"(Bearer realm="a", Basic realm="b")", "Bearer realm=a; Basic realm=b"},
      {R"(Negotiate, Basic realm="b")", "Negotiate; Basic realm=b"},
      {R"(Negotiate YWJj==, Bearer realm="a")", "Negotiate; Bearer realm=a"},
      {R"(Basic realm="b", Bearer Realm="a" , SCOPE = "x")",
       "Basic realm=b; Bearer realm=a|scope=x"},
      {R"(Bearer realm="a \"quoted\" \\ one")", R"(Bearer realm=a "quoted" \ one)"},
      {"Bearer realm=https://a.io/token,service=r.io",
       "Bearer realm=https://a.io/token|service=r.io"},
      {R"(Bearer realm="a",realm="b")", "Bearer realm=a"},
      {R"(Bearer realm="never closed)", "Bearer realm=never closed"},
      {R"(,, ,Bearer ,realm="a",,)", "Bearer realm=a"},
      {R"(Bearer)", "Bearer"},
      {R"(Bearer realm="")", "Bearer realm="},
      {R"(realm="of nothing")", ""},
      {"\x01\xff Basic realm=\"b\"", "Basic realm=b"},
  };
  for (const Row& row : rows) EXPECT_EQ(Show(ParseChallenges(row.header)), row.read) << row.header;
}

TEST(ChallengeTest, FindsAScheme) {
  std::vector<Challenge> challenges = ParseChallenges(R"(A, BASIC realm="1", basic realm="2")");
  ASSERT_NE(FindChallenge(challenges, "basic"), nullptr);
  EXPECT_EQ(ParameterOf(*FindChallenge(challenges, "basic"), "realm"), "1");
  EXPECT_EQ(ParameterOf(*FindChallenge(challenges, "basic"), "scope"), "");
  EXPECT_EQ(FindChallenge(challenges, "bearer"), nullptr);
}

TEST(ChallengeTest, IsBounded) {
  std::string many, long_one = "Bearer realm=\"";
  for (int i = 0; i < 1000; ++i) many += "S" + std::to_string(i) + ", ";
  EXPECT_EQ(ParseChallenges(many).size(), 16u);
  std::string parameters = "Bearer ";
  for (int i = 0; i < 1000; ++i) parameters += "p" + std::to_string(i) + "=1,";
  EXPECT_EQ(ParseChallenges(parameters)[0].parameters.size(), 32u);
  EXPECT_LT(ParameterOf(ParseChallenges(long_one.append(1 << 20, 'x'))[0], "realm").size(), 20000u);
}

TEST(ChallengeTest, TakesAnyBytes) {
  Random random;
  const std::string alphabet = "aB=\"\\, \t/~:\x80";
  for (int i = 0; i < 20000; ++i) {
    std::string text = random.Text(random.Below(40), alphabet);
    for (const Challenge& challenge : ParseChallenges(text)) EXPECT_NE(challenge.scheme, "");
  }
}

}  // namespace
}  // namespace kontext
