#include "packer/registry/authenticator.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "packer/error.h"
#include "packer/registry/auth_transport.h"
#include "packer/registry/base64_text.h"
#include "tests/packer/registry/fake_transport.h"

namespace kontext {
namespace {

constexpr char kBearer[] = R"(Bearer realm="https://auth.io/token",service="r.io")";

Step Unauthorized(const std::string& challenge) {
  return {401, {{"www-authenticate", challenge}}, ""};
}

Step TokenStep(const std::string& token, const std::string& more = "") {
  return {200, {}, R"({"token":")" + token + "\"" + more + "}"};
}

class AuthenticatorTest : public testing::Test {
 protected:
  AuthenticatorTest() {
    options_.registry = "r.io";
    options_.repository = "app";
    options_.looked_in = {"/a.json", "/b.json"};
    options_.find = [this] {
      ++finds_;
      return credentials_;
    };
    options_.retry.sleep = [this](Milliseconds) { ++sleeps_; };
    options_.now = [this] { return now_; };
  }

  void Give(const std::string& user, const std::string& password) {
    credentials_ = Credentials{user, password, "", "", "/a.json"};
  }

  Response Send(const std::string& method = "GET", const std::string& path = "/v2/app/x") {
    if (transport_ == nullptr) {
      transport_ = NewAuthTransport(std::make_unique<FakeTransport>(&script_), options_);
    }
    Request request;
    request.method = method;
    request.url = path.starts_with('/') ? "https://" + options_.registry + path : path;
    request.body = body_.get();
    return transport_->Send(request);
  }

  std::string Failure(const std::string& method = "GET") {
    try {
      Send(method);
      return {};
    } catch (const Error& error) {
      kind_ = error.kind();
      return error.what();
    }
  }

  // The Authorization of every request, "-" for none.
  std::string Sent() const {
    std::string text;
    for (const SeenRequest& request : script_.seen) {
      auto header = request.headers.find("Authorization");
      if (!text.empty()) text += ", ";
      text += header == request.headers.end() ? "-" : header->second;
    }
    return text;
  }

  Script script_;
  AuthOptions options_;
  std::optional<Credentials> credentials_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<BlobSource> body_;
  std::chrono::steady_clock::time_point now_{};
  int finds_ = 0;
  int sleeps_ = 0;
  ErrorKind kind_ = ErrorKind::kUsage;
};

TEST_F(AuthenticatorTest, AsksNobodyWhereNobodyAsks) {
  script_.steps = {{200, {}, ""}, {404, {}, ""}, {403, {}, ""}};
  EXPECT_EQ(Send().status, 200);
  EXPECT_EQ(Send().status, 404);
  EXPECT_EQ(Send().hint, "");
  EXPECT_EQ(finds_, 0);
  EXPECT_EQ(Sent(), "-, -, -");
}

TEST_F(AuthenticatorTest, BasicIsRememberedWhateverItsCase) {
  Give("u", "pass");
  script_.steps = {Unauthorized("BASIC realm=\"Nexus\""), {200, {}, ""}, {200, {}, ""}};
  EXPECT_EQ(Send().status, 200);
  EXPECT_EQ(Send("PUT").status, 200);
  EXPECT_EQ(Sent(), "-, Basic dTpwYXNz, Basic dTpwYXNz");
  EXPECT_EQ(finds_, 1);
}

TEST_F(AuthenticatorTest, WrongBasicIsSentOnce) {
  Give("u", "pass");
  script_.steps = {Unauthorized("Basic"), Unauthorized("Basic")};
  Response answer = Send();
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.hint, "the credentials of /a.json (user u) are refused: run kontext login r.io");
}

TEST_F(AuthenticatorTest, SaysWhereItLooked) {
  script_.steps = {Unauthorized("Basic")};
  EXPECT_EQ(Send().hint,
            "there are no credentials for r.io in /a.json, /b.json: run kontext login r.io");
}

TEST_F(AuthenticatorTest, SaysWhatItDoesNotKnow) {
  script_.steps = {Unauthorized("Negotiate"), {401, {}, ""}, Unauthorized("Bearer scope=\"x\"")};
  EXPECT_EQ(Send().hint, "it asks for \"Negotiate\", which kontext does not know");
  EXPECT_EQ(Send().hint, "it does not say how");
  EXPECT_EQ(Send().status, 401);
  credentials_ = Credentials{"", "", "identity", "", "/a.json"};
  script_ = {{Unauthorized("Basic")}, {}};
  EXPECT_EQ(Send().hint, "it wants a user name and a password, /a.json has a token only");
  EXPECT_EQ(script_.seen.size(), 1u);
}

TEST_F(AuthenticatorTest, WhatItDoesNotKnowMayBeASecret) {
  Give("u", "Pass-Word");
  script_.steps = {Unauthorized("Basic"), Unauthorized("Pass-Word"), Unauthorized("Basic"),
                   Unauthorized(std::string(5000, 'x'))};
  EXPECT_EQ(Send().hint, "it asks for \"***\", which kontext does not know");
  EXPECT_LT(Send().hint.size(), 300u);
}

TEST_F(AuthenticatorTest, AnonymousToken) {
  script_.steps = {Unauthorized(kBearer), TokenStep("t1"), {200, {}, ""}, {200, {}, ""}};
  EXPECT_EQ(Send().status, 200);
  EXPECT_EQ(Send("HEAD").status, 200);
  EXPECT_EQ(script_.seen[1].url,
            "https://auth.io/token?service=r.io&scope=repository:app:pull&client_id=kontext");
  EXPECT_EQ(Sent(), "-, -, Bearer t1, Bearer t1");
}

TEST_F(AuthenticatorTest, TokenForCredentials) {
  Give("u", "pass");
  options_.writes = true;
  script_.steps = {Unauthorized(kBearer), TokenStep("t1"), {200, {}, ""}, {201, {}, ""}};
  EXPECT_EQ(Send().status, 200);
  EXPECT_EQ(Send("PUT").status, 201);
  EXPECT_EQ(script_.seen[1].url,
            "https://auth.io/token?service=r.io&scope=repository:app:pull,push&account=u"
            "&client_id=kontext");
  EXPECT_EQ(Sent(), "-, Basic dTpwYXNz, Bearer t1, Bearer t1");
}

TEST_F(AuthenticatorTest, AWriteAsksForMore) {
  script_.steps = {Unauthorized(kBearer), TokenStep("read"), {200, {}, ""},
                   TokenStep("write"),    {202, {}, ""},     {200, {}, ""}};
  Send();
  EXPECT_EQ(Send("POST").status, 202);
  Send();
  EXPECT_NE(script_.seen[3].url.find("scope=repository:app:pull,push"), std::string::npos);
  EXPECT_EQ(Sent(), "-, -, Bearer read, -, Bearer write, Bearer write");
}

TEST_F(AuthenticatorTest, OddChallenges) {
  struct Row {
    const char* challenge;
    const char* url;
  };
  const Row rows[] = {
      // Without a service, with a scope that is another's.
      {R"(Bearer realm="https://auth.io/t",scope="repository:other:pull")",
       "https://auth.io/t?scope=repository:app:pull&scope=repository:other:pull&client_id=kontext"},
      {R"(Basic realm="x", Bearer realm="https://auth.io/t?a=b",service="s")",
       "https://auth.io/t?a=b&service=s&scope=repository:app:pull&client_id=kontext"},
      {R"(Bearer realm="/token")",
       "https://r.io/token?scope=repository:app:pull&client_id=kontext"},
      {R"(bearer REALM="https://auth.io/t")",
       "https://auth.io/t?scope=repository:app:pull&client_id=kontext"},
  };
  for (const Row& row : rows) {
    script_ = {{Unauthorized(row.challenge), TokenStep("t1"), {200, {}, ""}}, {}};
    transport_.reset();
    EXPECT_EQ(Send().status, 200);
    EXPECT_EQ(script_.seen[1].url, row.url);
  }
}

TEST_F(AuthenticatorTest, RealmsThatAreRefused) {
  struct Row {
    const char* registry;
    const char* realm;
    bool allowed;
  };
  const Row rows[] = {
      {"r.io", "https://10.0.0.1/token", false},
      {"r.io", "https://169.254.169.254/token", false},
      {"r.io", "https://localhost/token", false},
      {"r.io", "https://[::1]/token", false},
      {"r.io", "http://auth.io/token", false},
      {"r.io", "ftp://auth.io/token", false},
      {"r.io", "https://", false},
      {"10.0.0.1", "https://10.0.0.1:8443/token", true},
      {"10.0.0.1", "https://10.0.0.2/token", false},
      {"r.io", "https://auth.io/token", true},
  };
  Give("u", "pass");
  for (const Row& row : rows) {
    SCOPED_TRACE(row.realm);
    options_.registry = row.registry;
    transport_.reset();
    script_ = {{Unauthorized("Bearer realm=\"" + std::string(row.realm) + "\"")}, {}};
    if (row.allowed) script_.steps.insert(script_.steps.end(), {TokenStep("t1"), {200, {}, ""}});
    EXPECT_EQ(Failure().empty(), row.allowed);
    EXPECT_EQ(script_.seen.size(), row.allowed ? 3u : 1u);
    if (!row.allowed) {
      EXPECT_EQ(kind_, ErrorKind::kRegistry);
    }
  }
}

TEST_F(AuthenticatorTest, NoCredentialsOverPlainHttp) {
  options_.registry = "127.0.0.1:5000";
  const std::string url = "http://127.0.0.1:5000/v2/app/x";
  for (bool insecure : {false, true}) {
    options_.insecure_http = insecure;
    transport_.reset();
    Give("u", "pass");
    script_ = {
        {Unauthorized("Bearer realm=\"http://auth.io/token\""), TokenStep("t1"), {200, {}, ""}},
        {}};
    std::string problem;
    try {
      EXPECT_EQ(Send("GET", url).status, 200);
    } catch (const Error& error) {
      problem = error.what();
    }
    EXPECT_EQ(problem.find("--insecure-http") != std::string::npos, !insecure);
    EXPECT_EQ(script_.seen.size(), insecure ? 3u : 1u);
  }
}

TEST_F(AuthenticatorTest, CredentialsStayWithTheirHost) {
  Give("u", "pass");
  script_.steps = {Unauthorized("Basic"), {200, {}, ""}};
  Send();
  for (const char* url : {"https://cdn.io/upload", "https://r.io:8443/v2/", "http://r.io/v2/",
                          "https://r.io.evil.io/", "https://user@evil.io/"}) {
    script_ = {{Unauthorized("Basic")}, {}};
    EXPECT_EQ(Send("GET", url).hint, "");
    EXPECT_EQ(Sent(), "-") << url;
  }
}

TEST_F(AuthenticatorTest, AnotherHostsChallengeIsNotAnswered) {
  class Redirecting : public Transport {
   public:
    Response Send(const Request&) override {
      ++sent;
      return {401, {{"www-authenticate", "Basic"}}, "", "https://cdn.io/blob"};
    }
    int sent = 0;
  };
  auto inner = std::make_unique<Redirecting>();
  Redirecting* watched = inner.get();
  transport_ = NewAuthTransport(std::move(inner), options_);
  EXPECT_EQ(Send().status, 401);
  EXPECT_EQ(watched->sent, 1);
  EXPECT_EQ(finds_, 0);
}

TEST_F(AuthenticatorTest, RefreshesInMidUpload) {
  body_ = MemoryBlob("the layer");
  Give("u", "pass");
  script_.steps = {Unauthorized(kBearer), TokenStep("t1"), {202, {}, ""},
                   Unauthorized(kBearer), TokenStep("t2"), {201, {}, ""}};
  EXPECT_EQ(Send("PATCH").status, 202);
  EXPECT_EQ(Send("PUT").status, 201);
  EXPECT_EQ(script_.Methods(), "PATCH GET PATCH PUT GET PUT");
  EXPECT_EQ(script_.seen[5].body, "the layer");
  EXPECT_EQ(script_.seen[5].headers["Authorization"], "Bearer t2");
}

TEST_F(AuthenticatorTest, AFreshTokenThatIsRefusedIsTheEnd) {
  script_.steps = {Unauthorized(kBearer), TokenStep("t1"), Unauthorized(kBearer)};
  EXPECT_EQ(Send().status, 401);
}

TEST_F(AuthenticatorTest, AWiderScopeIsAskedForAndKept) {
  // What a mount from another repository meets.
  const std::string wider = std::string(kBearer) +
                            ",scope=\"repository:app:pull,push "
                            "repository:base:pull\"";
  script_.steps = {Unauthorized(kBearer), TokenStep("own"),    {200, {}, ""},
                   Unauthorized(wider),   TokenStep("both"),   {201, {}, ""},
                   {202, {}, ""},         Unauthorized(wider), {201, {}, ""}};
  options_.writes = true;
  Send();
  EXPECT_EQ(Send("POST").status, 201);
  EXPECT_EQ(Send("POST").status, 202);
  EXPECT_EQ(Send("POST").status, 201);
  EXPECT_EQ(Sent(),
            "-, -, Bearer own, Bearer own, -, Bearer both, Bearer own, Bearer own, "
            "Bearer both");
}

TEST_F(AuthenticatorTest, WhatItsOwnRepositoryNeedsIsRemembered) {
  const std::string more = std::string(kBearer) + ",scope=\"repository:app:delete\"";
  script_.steps = {Unauthorized(kBearer), TokenStep("t1"), {200, {}, ""}, TokenStep("t2"),
                   Unauthorized(more),    TokenStep("t3"), {202, {}, ""}, {202, {}, ""}};
  Send();
  EXPECT_EQ(Send("DELETE").status, 202);
  EXPECT_EQ(Send("DELETE").status, 202);
  EXPECT_NE(script_.seen[5].url.find("scope=repository:app:pull,push,delete&"), std::string::npos);
  EXPECT_EQ(Sent(), "-, -, Bearer t1, -, Bearer t2, -, Bearer t3, Bearer t3");
}

TEST_F(AuthenticatorTest, ATokenThatLacksOneOfTwoScopesLeavesTheOwnOne) {
  // GitLab drops one of two: the mount is refused, a plain upload still works.
  const std::string wider = std::string(kBearer) + ",scope=\"repository:base:pull\"";
  script_.steps = {Unauthorized(kBearer), TokenStep("own"),    {200, {}, ""}, Unauthorized(wider),
                   TokenStep("both"),     Unauthorized(wider), {202, {}, ""}};
  options_.writes = true;
  Send();
  EXPECT_EQ(Send("POST").status, 401);
  EXPECT_EQ(Send("POST").status, 202);
  EXPECT_EQ(script_.seen.back().headers["Authorization"], "Bearer own");
}

TEST_F(AuthenticatorTest, RenewsBeforeTheEnd) {
  script_.steps = {Unauthorized(kBearer), TokenStep("t1", ",\"expires_in\":60"),  {200, {}, ""},
                   {200, {}, ""},         TokenStep("t2", ",\"expires_in\":300"), {200, {}, ""},
                   {200, {}, ""}};
  Send();
  now_ += std::chrono::seconds(45);
  Send();
  now_ += std::chrono::seconds(10);
  Send();
  now_ += std::chrono::seconds(200);
  Send();
  EXPECT_EQ(Sent(), "-, -, Bearer t1, Bearer t1, -, Bearer t2, Bearer t2");
}

TEST_F(AuthenticatorTest, IdentityToken) {
  credentials_ = Credentials{"", "", "identity", "", "/a.json"};
  script_.steps = {Unauthorized(kBearer), {200, {}, R"({"access_token":"t1"})"}, {200, {}, ""}};
  EXPECT_EQ(Send().status, 200);
  EXPECT_EQ(script_.seen[1].method, "POST");
  EXPECT_EQ(script_.seen[1].url, "https://auth.io/token");
  EXPECT_EQ(script_.seen[1].headers["Content-Type"], "application/x-www-form-urlencoded");
  EXPECT_EQ(script_.seen[1].body,
            "grant_type=refresh_token&client_id=kontext&service=r.io"
            "&scope=repository:app:pull&refresh_token=identity");
  for (int status : {400, 401, 404, 405}) {
    transport_.reset();
    script_ = {{Unauthorized(kBearer), {status, {}, ""}, TokenStep("t2"), {200, {}, ""}}, {}};
    EXPECT_EQ(Send().status, 200);
    EXPECT_EQ(script_.Methods(), "GET POST GET GET");
    EXPECT_EQ(script_.seen[2].headers["Authorization"],
              "Basic " + EncodeBase64("<token>:identity"));
  }
}

// Each form is tried once, and the answer told that says why.
TEST_F(AuthenticatorTest, AnIdentityTokenThatIsRefused) {
  credentials_ = Credentials{"", "", "identity", "", "/a.json"};
  struct Row {
    Step post;
    Step get;
    const char* told;
  };
  constexpr char kInvalidGrant[] = R"({"error":"invalid_grant"})";
  const Row rows[] = {
      {{401, {}, "expired"}, {401, {}, "who?"}, "401 Unauthorized: expired"},
      {{401, {}, "expired"}, {401, {}, ""}, "401 Unauthorized: expired"},
      {{401, {}, "expired"}, {404, {}, "no such page"}, "401 Unauthorized: expired"},
      {{401, {}, ""}, {401, {}, "revoked"}, "401 Unauthorized: revoked"},
      {{401, {}, "<html>"}, {401, {}, "revoked"}, "401 Unauthorized: revoked"},
      {{401, {}, ""}, {404, {}, "no such page"}, "401 Unauthorized"},
      {{404, {}, "no such page"}, {401, {}, "revoked"}, "401 Unauthorized: revoked"},
      {{400, {}, kInvalidGrant}, {404, {}, ""}, "400 Bad Request: {\"error\":\"invalid_grant\"}"},
      {{400, {}, ""}, {401, {}, "revoked"}, "401 Unauthorized: revoked"},
  };
  for (const Row& row : rows) {
    transport_.reset();
    script_ = {{Unauthorized(kBearer), row.post, row.get}, {}};
    EXPECT_EQ(Failure(), std::string("token server auth.io: ") + row.told +
                             "; the credentials of /a.json are refused: run kontext login r.io");
    EXPECT_EQ(script_.Methods(), "GET POST GET");
  }
}

TEST_F(AuthenticatorTest, RegistryToken) {
  credentials_ = Credentials{"", "", "", "given", "/a.json"};
  script_.steps = {Unauthorized(kBearer), {200, {}, ""}, Unauthorized(kBearer)};
  EXPECT_EQ(Send().status, 200);
  EXPECT_EQ(Send().status, 401);
  EXPECT_EQ(Sent(), "-, Bearer given, Bearer given");
}

TEST_F(AuthenticatorTest, ATokenServersRefusalSaysWhatToDo) {
  script_.steps = {Unauthorized(kBearer),
                   {403, {}, R"({"errors":[{"code":"DENIED","message":"no"}]})"}};
  EXPECT_EQ(Failure(),
            "token server auth.io: 403 Forbidden: no; there are no credentials for r.io in "
            "/a.json, /b.json: run kontext login r.io");
  EXPECT_EQ(kind_, ErrorKind::kRegistry);
  Give("u", "pass");
  transport_.reset();
  script_ = {{Unauthorized(kBearer), {401, {}, "wrong pass u:pass dTpwYXNz"}}, {}};
  EXPECT_EQ(Failure(),
            "token server auth.io: 401 Unauthorized: wrong *** u:*** ***; the credentials of "
            "/a.json (user u) are refused: run kontext login r.io");
}

TEST_F(AuthenticatorTest, ABusyTokenServerIsAskedAgain) {
  script_.steps = {
      Unauthorized(kBearer), {503, {}, ""}, {429, {}, ""}, TokenStep("t1"), {200, {}, ""}};
  EXPECT_EQ(Send().status, 200);
  EXPECT_EQ(sleeps_, 2);
  transport_.reset();
  script_ = {{Unauthorized(kBearer), {0, {}, ""}}, {}};
  EXPECT_EQ(Failure(), "token server auth.io: connection refused");
  EXPECT_EQ(kind_, ErrorKind::kNetwork);
  script_ = {{TokenStep("t1"), {200, {}, ""}}, {}};
  EXPECT_EQ(Failure(), "");
}

TEST_F(AuthenticatorTest, SecretsAreBlankedInRefusals) {
  Give("u", "pass");
  script_.steps = {Unauthorized(kBearer), TokenStep("t0ken"), {400, {}, "bad token t0ken of pass"}};
  EXPECT_EQ(Send().body, "bad token *** of ***");
}

TEST_F(AuthenticatorTest, SecretsAreBlankedHoweverTheyAreQuoted) {
  Give("u", "p\"a<s");
  script_.steps = {Unauthorized("Basic"), {400, {}, R"({"errors":[{"message":"p\"a\u003cs"}]})"}};
  EXPECT_EQ(Send().body, R"({"errors":[{"message":"***"}]})");
  // Where it is cut to one line no half of one is left.
  transport_.reset();
  const std::string long_line = std::string(195, '-') + "p\"a<s.";
  script_ = {{Unauthorized(kBearer), {400, {}, long_line}}, {}};
  EXPECT_EQ(Failure().find("p\""), std::string::npos);
}

TEST_F(AuthenticatorTest, SecretsAreBlankedWhereNoAnswerComes) {
  class Telltale : public Transport {
    Response Send(const Request& request) override {
      if (request.headers.empty()) {
        return {401, {{"www-authenticate", "Basic"}}, "", request.url};
      }
      throw Error(ErrorKind::kNetwork, "no way to https://r.io/" + request.headers[0].second);
    }
  };
  Give("u", "pass");
  transport_ = NewAuthTransport(std::make_unique<Telltale>(), options_);
  EXPECT_EQ(Failure(), "no way to https://r.io/Basic ***");
  EXPECT_EQ(kind_, ErrorKind::kNetwork);
}

TEST_F(AuthenticatorTest, ADamagedAnswerIsNoDamagedImage) {
  // Error(kFormat) would make a push start from a clean base.
  script_.steps = {Unauthorized(kBearer), {200, {}, "nonsense"}};
  EXPECT_EQ(Failure(), "the token server's answer is no JSON object");
  EXPECT_EQ(kind_, ErrorKind::kRegistry);
  options_.find = []() -> std::optional<Credentials> {
    throw Error(ErrorKind::kNotFound, "credential helper docker-credential-x is not on PATH");
  };
  transport_.reset();
  script_ = {{Unauthorized(kBearer)}, {}};
  EXPECT_EQ(Failure(), "credential helper docker-credential-x is not on PATH");
  EXPECT_EQ(kind_, ErrorKind::kRegistry);
}

}  // namespace
}  // namespace kontext
