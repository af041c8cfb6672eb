// What becomes of a body on its way: redirects, and proxies.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "packer/error.h"
#include "packer/registry/curl_transport.h"
#include "tests/packer/registry/tiny_server.h"

namespace kontext {
namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Answers one request when its head and a little of its body have come, and resets the connection.
class RudeServer {
 public:
  explicit RudeServer(std::string answer) : answer_(std::move(answer)) {
    listener_ = ListenOnLoopback(&port_);
    thread_ = std::thread([this] { Serve(); });
  }
  ~RudeServer() {
    thread_.join();
    close(listener_);
  }

  std::string Url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  void Serve() const {
    int peer = accept(listener_, nullptr, nullptr);
    char buffer[1 << 16];
    for (size_t got = 0; got < sizeof(buffer);) {
      ssize_t more = recv(peer, buffer, sizeof(buffer), 0);
      if (more <= 0) break;
      got += static_cast<size_t>(more);
    }
    (void)send(peer, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    linger at_once{1, 0};
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(peer);
  }

  std::string answer_;
  int port_ = 0;
  int listener_ = -1;
  std::thread thread_;
};

class CurlUploadTest : public testing::Test {
 protected:
  Response Send(const std::string& method, const std::string& path, bool secret = false) {
    requests_.clear();
    std::unique_ptr<BlobSource> body = MemoryBlob("content");
    Request request;
    request.method = method;
    request.url = path.find("://") == path.npos ? server_.Url(path) : path;
    request.headers = {{"Authorization", "Bearer secret"}};
    request.body = body.get();
    request.secret_body = secret;
    CurlOptions options;
    options.trace = [this](std::string_view line) { trace_.append(line).append("\n"); };
    return NewCurlTransport(options)->Send(request);
  }

  std::string Failure(const std::string& method, const std::string& path, bool secret = false) {
    try {
      Send(method, path, secret);
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  }

  std::string Handle(const std::string& request) {
    requests_.push_back(request);
    std::string path = request.substr(request.find(' ') + 1);
    path.resize(path.find(' '));
    if (path == "secure.invalid:443") {
      return "HTTP/1.1 407 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    }
    if (path.starts_with("http://proxied")) {
      return "HTTP/1.1 407 No\r\nConnection: close\r\nContent-Length: 22\r\n\r\nme:pr0xy, "
             "bWU6cHIweHk=";
    }
    std::string head = path == "/here"      ? "307 Go\r\nLocation: /up?state=1"
                       : path == "/forever" ? "308 Go\r\nLocation: /up"
                       : path == "/there"   ? "307 Go\r\nLocation: " + Other()
                       : path == "/see"     ? "303 See\r\nLocation: /up"
                       : path == "/found"   ? "302 Found\r\nLocation: /up"
                       : path == "/inside"  ? "307 Go\r\nLocation: http://10.0.0.1/up"
                       : path == "/loop"    ? "307 Go\r\nLocation: /loop"
                       : path == "/nowhere" ? "307 Go"
                                            : "201 Created";
    return "HTTP/1.1 " + head + "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  }

  std::string Other() const { return server_.Url("/up", "localhost"); }

  std::vector<std::string> requests_;
  std::string trace_;
  // The last: its thread uses the others to its end.
  TinyServer server_{[this](const std::string& request) { return Handle(request); }};
};

TEST_F(CurlUploadTest, IsSentOnWithAllItHas) {
  for (const char* method : {"POST", "PUT", "PATCH"}) {
    for (const char* path : {"/here", "/forever"}) {
      Response answer = Send(method, path);
      EXPECT_EQ(answer.status, 201);
      EXPECT_TRUE(answer.url.starts_with(server_.Url("/up"))) << answer.url;
      ASSERT_EQ(requests_.size(), 2u);
      EXPECT_TRUE(requests_[1].starts_with(std::string(method) + " /up"));
      EXPECT_TRUE(requests_[1].ends_with("\r\n\r\ncontent"));
      EXPECT_TRUE(Has(requests_[1], "Authorization: Bearer secret"));
    }
  }
}

TEST_F(CurlUploadTest, LeavesCredentialsBehind) {
  EXPECT_EQ(Send("PUT", "/there").status, 201);
  ASSERT_EQ(requests_.size(), 2u);
  EXPECT_TRUE(requests_[1].ends_with("\r\n\r\ncontent"));
  EXPECT_FALSE(Has(requests_[1], "secret"));
}

// The answer of a server that takes not all of a body and hangs up; when nothing of it comes, sends
// again, as the client would: it is lost where the connection is reset while something is sent.
Response SendToRudeServer(const std::string& answer) {
  constexpr int kTries = 20;
  std::unique_ptr<BlobSource> body = MemoryBlob(std::string(16 << 20, 'x'));
  for (int tries = 1;; ++tries) {
    RudeServer server(answer);
    Request request;
    request.method = "PUT";
    request.url = server.Url();
    request.body = body.get();
    try {
      return NewCurlTransport({})->Send(request);
    } catch (const Error&) {
      if (tries == kTries) throw;
    }
  }
}

// Proxies that take no large bodies may refuse one before all of it has come.
TEST(CurlRefusalTest, ARefusalInMidUploadIsTheAnswer) {
  struct Row {
    const char* answer;
    const char* body;
  };
  const Row rows[] = {
      {"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n", ""},
      {"HTTP/1.1 413 No\r\nContent-Length: 4\r\n\r\nlong", "long"},
      {"HTTP/1.1 413 No\r\nConnection: close\r\n\r\nlong", "long"},
      // These break off.
      {"HTTP/1.1 413 No\r\nContent-Length: 100\r\n\r\nlong", "long"},
      {"HTTP/1.1 413 No\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlong", "long"},
  };
  for (const Row& row : rows) {
    Response answer = SendToRudeServer(row.answer);
    EXPECT_EQ(answer.status, 413) << row.answer;
    EXPECT_EQ(answer.body, row.body) << row.answer;
  }
  EXPECT_THROW(SendToRudeServer("HTTP/1.1 413 No\r\nContent-Le"), Error);
  EXPECT_THROW(SendToRudeServer("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nlong"), Error);
}

TEST_F(CurlUploadTest, IsNotSentOnWhereItMustNot) {
  EXPECT_TRUE(Has(Failure("PUT", "/inside"), "a redirect to http://10.0.0.1/up is not followed"));
  EXPECT_TRUE(Has(Failure("PUT", "/there", true), "it would take a secret to another host"));
  EXPECT_EQ(requests_.size(), 1u);
  EXPECT_TRUE(Has(Failure("PUT", "/loop"), "more than 5 redirects"));
  EXPECT_EQ(Send("POST", "/here", true).status, 201);
  // These ask for a GET of something else.
  EXPECT_EQ(Send("POST", "/see").status, 303);
  EXPECT_EQ(Send("POST", "/found").status, 302);
  EXPECT_EQ(Send("POST", "/nowhere").status, 307);
}

class ProxyUploadTest : public CurlUploadTest {
 protected:
  void SetUp() override {
    std::string proxy = server_.Url("");
    proxy.insert(proxy.find("://") + 3, "me:pr0xy@");
    setenv("http_proxy", proxy.c_str(), 1);
  }
  void TearDown() override {
    for (const char* name : {"http_proxy", "NO_PROXY", "no_proxy"}) unsetenv(name);
  }
};

TEST_F(ProxyUploadTest, AProxysRefusalGivesNothingAway) {
  Response answer = Send("PUT", "http://proxied.invalid/up");
  EXPECT_EQ(answer.status, 407);
  EXPECT_TRUE(Has(requests_[0], "Proxy-Authorization: Basic bWU6cHIweHk="));
  EXPECT_TRUE(Has(answer.body, "***")) << answer.body;
  EXPECT_FALSE(Has(answer.body, "pr0xy"));
  EXPECT_FALSE(Has(answer.body, "bWU6"));
  EXPECT_FALSE(Has(trace_, "pr0xy"));
}

TEST_F(ProxyUploadTest, AProxyThatWantsAPasswordIsExplained) {
  setenv("HTTPS_PROXY", server_.Url("").c_str(), 1);
  std::string failure = Failure("PUT", "https://secure.invalid/up");
  unsetenv("HTTPS_PROXY");
  EXPECT_TRUE(Has(failure, "407; HTTPS_PROXY names the proxy's user and password")) << failure;
}

TEST_F(ProxyUploadTest, AProxyThatIsWrongGivesNothingAway) {
  setenv("http_proxy", "http://me:pr0xy@127.0.0.1:99999", 1);
  std::string failure = Failure("PUT", "http://proxied.invalid/up");
  EXPECT_NE(failure, "");
  EXPECT_FALSE(Has(failure + trace_, "pr0xy")) << failure << trace_;
}

TEST_F(ProxyUploadTest, NoProxyNamesPortsDomainsAndRanges) {
  struct Row {
    const char* list;
    const char* url;
    bool proxied;
  };
  const Row rows[] = {
      {"proxied.invalid:80", "http://proxied.invalid/", false},
      {"proxied.invalid:81", "http://proxied.invalid/", true},
      {"*.invalid", "http://proxied.invalid/", false},
      // An address that is nobody's (RFC 5737): with its range excepted nothing goes anywhere.
      {"192.0.3.0/24", "http://192.0.2.1:1/", true},
  };
  for (const Row& row : rows) {
    setenv("NO_PROXY", row.list, 1);
    Failure("PUT", row.url);
    EXPECT_EQ(requests_.size(), row.proxied ? 1u : 0u) << row.list;
  }
}

}  // namespace
}  // namespace kontext
