#include "packer/registry/auth_config.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "packer/error.h"
#include "packer/registry/base64_text.h"

namespace kontext {
namespace {

// "helper(server)" or "user:password" for each way, in their order.
std::string Show(const std::string& json, const std::string& registry,
                 const std::string& repository = "ns/app") {
  std::string text;
  for (const AuthCandidate& one : FindAuth(json, registry, repository)) {
    const Credentials& found = one.credentials;
    if (!text.empty()) text += ' ';
    if (!one.helper.empty()) {
      text += one.helper + '(' + one.server + ')';
    } else {
      text += found.username + ':' + found.password;
      if (!found.identity_token.empty()) text += "identity:" + found.identity_token;
      if (!found.registry_token.empty()) text += "registry:" + found.registry_token;
    }
  }
  return text;
}

std::string Auth(const std::string& text) { return R"({"auth":")" + EncodeBase64(text) + R"("})"; }

TEST(AuthConfigTest, ReadsEntries) {
  struct Row {
    std::string entry;
    std::string found;
  };
  const Row rows[] = {
      {Auth("u:p"), "u:p"},
      {Auth("u:p:q"), "u:p:q"},
      {Auth(std::string("u:p\0\0", 5)), "u:p"},
      {R"({"auth":"dTpw"})", "u:p"},
      {R"({"auth":"dXNlcjpw"})", "user:p"},
      {R"({"auth":"dXM6cA"})", "us:p"},  // without its padding
      {R"({"username":"u","password":"p"})", "u:p"},
      {R"({"auth":")" + EncodeBase64("u:") + R"(","identitytoken":"t"})", "u:identity:t"},
      {R"({"registrytoken":"t"})", ":registry:t"},
      {"{}", ""},
      {R"({"email":"x@y"})", ""},
      {R"({"auth":""})", ""},
      {"null", ""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Show(R"({"auths":{"r.io":)" + row.entry + "}}", "r.io"), row.found) << row.entry;
  }
}

TEST(AuthConfigTest, MatchesKeysAsDockerAndPodmanWriteThem) {
  struct Row {
    const char* key;
    const char* registry;
    bool match;
  };
  const Row rows[] = {
      {"r.io", "r.io", true},
      {"https://r.io", "r.io", true},
      {"http://r.io/v1/", "r.io", true},
      {"r.io/v2/", "r.io", true},
      {"r.io/", "r.io", true},
      {"r.io:5000", "r.io:5000", true},
      {"r.io", "r.io:5000", false},
      {"r.io:5000", "r.io", false},
      {"r.io/ns", "r.io", true},
      {"r.io/ns/app", "r.io", true},
      {"r.io/n", "r.io", false},
      {"r.io/ns/ap", "r.io", false},
      {"r.io/ns/app/x", "r.io", false},
      {"evil.r.io", "r.io", false},
      {"https://index.docker.io/v1/", "registry-1.docker.io", true},
      {"docker.io", "registry-1.docker.io", true},
      {"docker.io/ns", "registry-1.docker.io", true},
      {"index.docker.io", "registry-1.docker.io", true},
      {"[::1]:5000", "[::1]:5000", true},
  };
  for (const Row& row : rows) {
    std::string json = R"({"auths":{")" + std::string(row.key) + "\":" + Auth("u:p") + "}}";
    EXPECT_EQ(Show(json, row.registry), row.match ? "u:p" : "") << row.key;
  }
}

TEST(AuthConfigTest, TheMostSpecificGoesFirst) {
  std::string json = R"({"auths":{"r.io":)" + Auth("r:1") + R"(,"r.io/ns/app":)" + Auth("a:3") +
                     R"(,"r.io/ns":)" + Auth("n:2") + "}}";
  EXPECT_EQ(Show(json, "r.io"), "a:3 n:2 r:1");
  EXPECT_EQ(Show(json, "r.io", "ns/other"), "n:2 r:1");
  EXPECT_EQ(Show(json, "r.io", "other"), "r:1");
  EXPECT_EQ(Show(json, "r.io", ""), "r:1");
}

TEST(AuthConfigTest, HelpersGoBeforeEntries) {
  std::string auths = R"("auths":{"r.io":)" + Auth("u:p") + R"(,"r.io/ns":)" + Auth("n:p") + "}";
  EXPECT_EQ(Show("{" + auths + R"(,"credsStore":"pass"})", "r.io"), "n:p pass(r.io) u:p");
  EXPECT_EQ(Show("{" + auths + R"(,"credHelpers":{"r.io":"ecr"},"credsStore":"pass"})", "r.io", ""),
            "ecr(r.io) pass(r.io) u:p");
  EXPECT_EQ(Show(R"({"credHelpers":{"r.io/ns":"ns","q.io":"q"}})", "r.io"), "ns(r.io/ns)");
  EXPECT_EQ(Show(R"({"credsStore":"pass"})", "registry-1.docker.io"),
            "pass(https://index.docker.io/v1/)");
  EXPECT_EQ(Show(R"({"credsStore":""})", "r.io"), "");
  EXPECT_EQ(HelperFor(R"({"credHelpers":{"r.io":"ecr"},"credsStore":"pass"})", "r.io"), "ecr");
  EXPECT_EQ(HelperFor(R"({"credHelpers":{"r.io":"ecr"},"credsStore":"pass"})", "q.io"), "pass");
  EXPECT_EQ(HelperFor(R"({"credHelpers":{"r.io":""},"credsStore":"pass"})", "r.io"), "");
}

TEST(AuthConfigTest, RefusesWhatItCannotRead) {
  for (const char* json : {"[]", "{", "nonsense", R"({"auths":{"r.io":{"auth":"no colon"}}})",
                           R"({"auths":{"r.io":{"auth":"bm9jb2xvbg=="}}})"}) {
    EXPECT_THROW(FindAuth(json, "r.io", ""), Error) << json;
  }
  EXPECT_THROW(FindAuth(std::string(100000, '['), "r.io", ""), Error);
  for (const char* json : {"", " \n", "{}", R"({"auths":{"q.io":{"auth":"x"}}})",
                           R"({"auths":null,"credHelpers":null,"credsStore":null})"}) {
    EXPECT_EQ(Show(json, "r.io"), "") << json;
  }
}

TEST(AuthConfigTest, RefusesWhatIsOfAnotherType) {
  struct Row {
    const char* json;
    const char* message;
  };
  const Row rows[] = {
      {R"({"auths":[]})", "its \"auths\" is no object"},
      {R"({"credHelpers":"pass"})", "its \"credHelpers\" is no object"},
      {R"({"credsStore":{}})", "its \"credsStore\" is no text"},
      {R"({"auths":{"q.io":"dTpw"}})", "its \"auths\" of \"q.io\" is no object"},
      {R"({"credHelpers":{"q.io":1}})", "its \"credHelpers\" of \"q.io\" is no text"},
  };
  for (const Row& row : rows) {
    std::vector<std::function<void()>> uses = {
        [&] { FindAuth(row.json, "r.io", ""); }, [&] { HelperFor(row.json, "r.io"); },
        [&] { WithAuth(row.json, "r.io", "{}"); }, [&] { WithoutAuth(row.json, "r.io"); }};
    for (const auto& use : uses) {
      try {
        use();
        ADD_FAILURE() << row.json;
      } catch (const Error& error) {
        EXPECT_STREQ(error.what(), row.message);
      }
    }
  }
}

TEST(AuthConfigTest, AByteOrderMarkStays) {
  const std::string before = "\xef\xbb\xbf{\"auths\":{\"q.io\":" + Auth("x:y") + "}}";
  std::string with = WithAuth(before, "r.io", AuthEntry("u", "p"));
  EXPECT_EQ(Show(with, "r.io"), "u:p");
  EXPECT_EQ(Show(with, "q.io"), "x:y");
  EXPECT_EQ(WithoutAuth(with, "r.io"), before);
}

TEST(AuthConfigTest, EditsOneEntryOnly) {
  const std::string before =
      "{\n\t\"auths\": {\n\t\t\"q.io\": {\n\t\t\t\"auth\": \"eDp5\"\n\t\t}\n\t},\n"
      "\t\"HttpHeaders\": {\"X\": 1.50},\n\t\"detachKeys\": \"ctrl-e,e\"\n}";
  std::string with = WithAuth(before, "r.io", AuthEntry("u", "p"));
  EXPECT_EQ(Show(with, "r.io"), "u:p");
  EXPECT_EQ(Show(with, "q.io"), "x:y");
  EXPECT_NE(with.find("\"HttpHeaders\": {\"X\": 1.50}"), std::string::npos);
  EXPECT_EQ(WithAuth(with, "r.io", AuthEntry("u", "p")), with);
  EXPECT_EQ(WithoutAuth(with, "r.io"), before);
  EXPECT_EQ(WithoutAuth(before, "r.io"), before);
  EXPECT_EQ(Show(WithAuth("", "registry-1.docker.io", AuthEntry("u", "p")), "docker.io"), "u:p");
  EXPECT_NE(WithAuth("", "docker.io", "{}").find("\"https://index.docker.io/v1/\""),
            std::string::npos);
}

TEST(AuthConfigTest, ForgetsEverySpelling) {
  std::string json =
      R"({"auths":{"r.io":{},"https://r.io/v1/":{"auth":"dTpw"},"r.io/ns":{"a":1}}})";
  EXPECT_EQ(WithoutAuth(json, "r.io"), R"({"auths":{"r.io/ns":{"a":1}}})");
}

}  // namespace
}  // namespace kontext
