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
       "bearer realm=https://a.io/token|scope=repository:a/b:pull,push|service=r.io"},
      {R"(BASIC realm="Sonatype Nexus Repository Manager")",
       "basic realm=Sonatype Nexus Repository Manager"},
      {R"(Bearer realm="a", Basic realm="b")", "bearer realm=a; basic realm=b"},
      {R"(Negotiate, Basic realm="b")", "negotiate; basic realm=b"},
      {R"(Negotiate YWJj==, Bearer realm="a")", "negotiate; bearer realm=a"},
      {R"(Basic realm="b", Bearer Realm="a" , SCOPE = "x")",
       "basic realm=b; bearer realm=a|scope=x"},
      {R"(Bearer realm="a \"quoted\" \\ one")", R"(bearer realm=a "quoted" \ one)"},
      {"Bearer realm=https://a.io/token,service=r.io",
       "bearer realm=https://a.io/token|service=r.io"},
      {R"(Bearer realm="a",realm="b")", "bearer realm=a"},
      {R"(Bearer realm="never closed)", "bearer realm=never closed"},
      {R"(,, ,Bearer ,realm="a",,)", "bearer realm=a"},
      {R"(Bearer)", "bearer"},
      {R"(Bearer realm="")", "bearer realm="},
      {R"(realm="of nothing")", ""},
      {"\x01\xff Basic realm=\"b\"", "basic realm=b"},
  };
  for (const Row& row : rows) EXPECT_EQ(Show(ParseChallenges(row.header)), row.read) << row.header;
}

TEST(ChallengeTest, FindsAScheme) {
  std::vector<Challenge> challenges = ParseChallenges(R"(A, Basic realm="1", basic realm="2")");
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
