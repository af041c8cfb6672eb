#include "packer/registry/token.h"

#include <gtest/gtest.h>

#include <string>

#include "packer/error.h"

namespace kontext {
namespace {

Token Parse(const std::string& body, const std::string& date = "") {
  Response answer;
  answer.body = body;
  if (!date.empty()) answer.headers["date"] = date;
  return ParseToken(answer);
}

TEST(TokenTest, ReadsAnswers) {
  struct Row {
    const char* body;
    const char* value;
    int seconds;
  };
  const Row rows[] = {
      {R"({"token":"t"})", "t", 60},
      {R"({"access_token":"a","expires_in":300})", "a", 300},
      {R"({"token":"t","access_token":"a"})", "t", 60},
      {R"({"token":"","access_token":"a"})", "a", 60},
      {R"({"token":"t","expires_in":"120"})", "t", 120},
      {R"({"token":"t","expires_in":2.5})", "t", 2},
      {R"({"token":"t","expires_in":0})", "t", 60},
      {R"({"token":"t","expires_in":-5})", "t", 60},
      {R"({"token":"t","expires_in":1e300})", "t", 2592000},
      {R"({"token":"t","expires_in":300,"issued_at":"2026-01-01T00:00:00Z"})", "t", 200},
      {R"({"token":"t","expires_in":300,"issued_at":"2026-01-01T00:01:00.5Z"})", "t", 260},
      {R"({"token":"t","expires_in":300,"issued_at":"2026-01-01T00:09:00Z"})", "t", 300},
      {R"({"token":"t","expires_in":300,"issued_at":"2025-01-01T00:00:00Z"})", "t", 300},
      {R"({"token":"t","expires_in":300,"issued_at":"yesterday"})", "t", 300},
  };
  for (const Row& row : rows) {
    Token token = Parse(row.body, "Thu, 01 Jan 2026 00:01:40 GMT");
    EXPECT_EQ(token.value, row.value) << row.body;
    EXPECT_EQ(token.lifetime.count(), row.seconds) << row.body;
  }
}

TEST(TokenTest, RefusesWhatIsNoToken) {
  for (const char* body : {"", "[]", "{}", "t", R"({"token":5})", R"({"token":"a\r\nX: y"})",
                           R"({"token":"a b"})", R"({"token":"é"})"}) {
    EXPECT_THROW(Parse(body), Error) << body;
  }
  EXPECT_THROW(Parse(R"({"token":")" + std::string(100000, 't') + "\"}"), Error);
}

TEST(TokenTest, UnitesScopes) {
  struct Row {
    const char* own;
    const char* asked;
    const char* united;
  };
  const Row rows[] = {
      {"repository:a:pull", "", "repository:a:pull"},
      {"", "repository:a:pull", "repository:a:pull"},
      {"repository:a:pull,push", "repository:a:pull", "repository:a:pull,push"},
      {"repository:a:pull", "repository:a:push,pull", "repository:a:pull,push"},
      {"repository:a:pull,push", "repository:b:pull", "repository:a:pull,push repository:b:pull"},
      {"repository:a:pull", "registry:catalog:* nonsense", "repository:a:pull registry:catalog:*"},
      {"repository:h:5/a:pull", "repository:h:5/a:push", "repository:h:5/a:pull,push"},
  };
  for (const Row& row : rows) EXPECT_EQ(UniteScopes(row.own, row.asked), row.united);
}

TEST(TokenTest, PicksTheScopesOfAResource) {
  EXPECT_EQ(ScopesOf("repository:a:pull repository:b:pull repository:a:*", "repository:a"),
            "repository:a:pull repository:a:*");
  EXPECT_EQ(ScopesOf("repository:ab:pull registry:a:x repository:a", "repository:a"), "");
}

TEST(TokenTest, WritesRequests) {
  TokenRequest request{"https://a.io/token", "r.io x&y",
                       "repository:a:pull,push repository:b:pull"};
  EXPECT_EQ(TokenUrl(request, "me@x"),
            "https://a.io/token?service=r.io%20x%26y&scope=repository:a:pull,push"
            "&scope=repository:b:pull&account=me%40x&client_id=kontext");
  request = {"https://a.io/token?x=1", "", ""};
  EXPECT_EQ(TokenUrl(request, ""), "https://a.io/token?x=1&client_id=kontext");
  request = {"https://a.io/token", "r.io", "repository:a:pull repository:b:pull"};
  EXPECT_EQ(TokenForm(request, "s+/="),
            "grant_type=refresh_token&client_id=kontext&service=r.io"
            "&scope=repository:a:pull%20repository:b:pull&refresh_token=s%2B/%3D");
}

}  // namespace
}  // namespace kontext
