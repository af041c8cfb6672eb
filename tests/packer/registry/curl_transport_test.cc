#include "packer/registry/curl_transport.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "packer/error.h"
#include "packer/registry/challenge.h"
#include "packer/registry/curl_exchange.h"
#include "tests/packer/registry/tiny_server.h"

namespace kontext {
namespace {

std::string Answer(const std::string& head, const std::string& body = "") {
  return "HTTP/1.1 " + head +
         "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class CurlTransportTest : public testing::Test {
 protected:
  Response Send(const Request& request) {
    CurlOptions options;
    options.user_agent = "kontext/test";
    options.trace = [this](std::string_view line) { trace_.append(line).append("\n"); };
    return NewCurlTransport(options)->Send(request);
  }

  Request Make(const std::string& method, const std::string& path,
               const std::string& host = "127.0.0.1") {
    Request request;
    request.method = method;
    request.url = server_.Url(path, host);
    return request;
  }

  std::string Failure(const Request& request) {
    try {
      Send(request);
      return {};
    } catch (const Error& error) {
      kind_ = error.kind();
      return error.what();
    }
  }

  std::string Other() const { return server_.Url("/plain", "localhost"); }

  std::string Handle(const std::string& request) {
    requests_.push_back(request);
    std::string path = request.substr(request.find(' ') + 1);
    path.resize(path.find(' '));
    if (path == "/big") return Answer("200 OK", std::string(1 << 20, 'b'));
    if (path == "/refusal") return Answer("400 Bad Request", std::string(1 << 20, 'r'));
    if (path == "/headers") return Answer("200 OK\r\nX-Long: " + std::string(70000, 'h'));
    if (path == "/cut") return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort";
    if (path == "/silent") return "";
    if (path == "/challenges") {
      return Answer(
          "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a, b\"\r\n"
          "www-authenticate: Bearer realm=\"https://auth.io/token\"");
    }
    if (path == "/loop") return Answer("302 Found\r\nLocation: /loop");
    if (path == "/ftp") return Answer("302 Found\r\nLocation: ftp://localhost/x");
    if (path == "/same") return Answer("307 Temporary Redirect\r\nLocation: /plain?sig=secret");
    if (path == "/other") return Answer("307 Temporary Redirect\r\nLocation: " + Other());
    return Answer("200 OK\r\nX-Two: 1\r\nX-TWO:  2 ", "plain");
  }

  std::vector<std::string> requests_;
  std::string trace_;
  ErrorKind kind_ = ErrorKind::kUsage;
  // The last: its thread uses the others to its end.
  TinyServer server_{[this](const std::string& request) { return Handle(request); }};
};

TEST_F(CurlTransportTest, SendsAndReads) {
  Response response = Send(Make("GET", "/plain"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "plain");
  EXPECT_EQ(response.headers["x-two"], "2");
  EXPECT_EQ(response.url, server_.Url("/plain"));
  EXPECT_TRUE(Has(requests_[0], "User-Agent: kontext/test\r\n"));
}

TEST_F(CurlTransportTest, SeveralChallengesAreOneList) {
  Response response = Send(Make("GET", "/challenges"));
  std::vector<Challenge> challenges = ParseChallenges(response.headers["www-authenticate"]);
  ASSERT_EQ(challenges.size(), 2u);
  EXPECT_EQ(ParameterOf(challenges[0], "realm"), "a, b");
  EXPECT_EQ(ParameterOf(challenges[1], "realm"), "https://auth.io/token");
}

TEST_F(CurlTransportTest, UploadsABody) {
  for (const std::string& body : {std::string(), std::string(100000, 'u')}) {
    for (const char* method : {"PUT", "PATCH", "POST"}) {
      std::unique_ptr<BlobSource> source = MemoryBlob(body);
      Request request = Make(method, "/up");
      request.body = source.get();
      Send(request);
      const std::string& seen = requests_.back();
      EXPECT_TRUE(seen.starts_with(std::string(method) + " /up HTTP/1.1\r\n"));
      EXPECT_TRUE(Has(seen, "Content-Length: " + std::to_string(body.size()) + "\r\n")) << method;
      EXPECT_TRUE(seen.ends_with("\r\n\r\n" + body));
      EXPECT_FALSE(Has(seen, "Expect:"));
      EXPECT_FALSE(Has(seen, "Transfer-Encoding:"));
    }
  }
}

TEST_F(CurlTransportTest, SendsAnEmptyPost) {
  Send(Make("POST", "/up"));
  EXPECT_TRUE(Has(requests_[0], "Content-Length: 0\r\n"));
  EXPECT_FALSE(Has(requests_[0], "Content-Type:"));
}

TEST_F(CurlTransportTest, ASourcesErrorComesOut) {
  class Broken : public BlobSource {
    uint64_t size() const override { return 10; }
    std::unique_ptr<BlobReader> Open(uint64_t) const override {
      throw Error(ErrorKind::kIo, "disk on fire");
    }
  } broken;
  Request request = Make("PUT", "/up");
  request.body = &broken;
  EXPECT_EQ(Failure(request), "disk on fire");
  EXPECT_EQ(kind_, ErrorKind::kIo);
}

TEST_F(CurlTransportTest, ASinkMayHangUpOrThrow) {
  Request request = Make("GET", "/big");
  size_t got = 0;
  request.sink = [&](std::string_view bytes) {
    got += bytes.size();
    return false;
  };
  EXPECT_EQ(Send(request).status, 200);
  EXPECT_GT(got, 0u);
  EXPECT_LT(got, size_t{1} << 20);
  request.sink = [](std::string_view) -> bool { throw Error(ErrorKind::kFormat, "enough"); };
  EXPECT_EQ(Failure(request), "enough");
}

// Within the sink of any other request this would wait for ever.
TEST_F(CurlTransportTest, ASinkMayTakeItsTimeOnAConnectionOfItsOwn) {
  std::unique_ptr<Transport> transport = NewCurlTransport({});
  std::thread::id thread;
  std::string inner;
  Request request = Make("GET", "/plain");
  request.own_connection = true;
  request.sink = [&](std::string_view) {
    thread = std::this_thread::get_id();
    inner = transport->Send(Make("GET", "/plain")).body;
    return true;
  };
  for (int run = 0; run < 3; ++run) {
    EXPECT_EQ(transport->Send(request).status, 200);
    EXPECT_EQ(inner, "plain");
    EXPECT_EQ(thread, std::this_thread::get_id());
    // The same handle, in turns.
    EXPECT_EQ(transport->Send(Make("GET", "/plain")).body, "plain");
  }
}

TEST_F(CurlTransportTest, AnnouncesBeforeTheBody) {
  std::string order;
  Request request = Make("GET", "/plain");
  request.on_answer = [&](const Response& answer) { order += std::to_string(answer.status); };
  request.sink = [&](std::string_view bytes) {
    order += bytes;
    return true;
  };
  Send(request);
  EXPECT_EQ(order, "200plain");
}

TEST_F(CurlTransportTest, BoundsWhatComes) {
  EXPECT_EQ(Failure(Make("GET", "/big")), "the answer is longer than 65536 bytes");
  EXPECT_EQ(Failure(Make("GET", "/headers")), "the answer's headers are longer than 64 KiB");
  EXPECT_EQ(kind_, ErrorKind::kFormat);
  Response refusal = Send(Make("GET", "/refusal"));
  EXPECT_EQ(refusal.status, 400);
  EXPECT_EQ(refusal.body.size(), 65536u);
}

TEST_F(CurlTransportTest, NoAnswerIsANetworkError) {
  for (const char* path : {"/cut", "/silent"}) {
    EXPECT_NE(Failure(Make("GET", path)), "");
    EXPECT_EQ(kind_, ErrorKind::kNetwork);
  }
  Request request = Make("GET", "/");
  request.url = "http://127.0.0.1:1/";
  EXPECT_TRUE(Has(Failure(request), "127.0.0.1"));
  EXPECT_EQ(kind_, ErrorKind::kNetwork);
}

TEST_F(CurlTransportTest, TakesManyThreads) {
  std::unique_ptr<Transport> transport = NewCurlTransport({});
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 20; ++n) {
        Request request = Make("GET", i % 2 == 0 ? "/plain" : "/refusal");
        Response response = transport->Send(request);
        wrong += response.body != (i % 2 == 0 ? "plain" : std::string(65536, 'r'));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(requests_.size(), 160u);
}

TEST(CurlStallTest, WhatDoesNotMoveIsGivenUp) {
  std::promise<void> given_up;
  std::shared_future<void> over = given_up.get_future().share();
  TinyServer server([&](const std::string&) {
    over.wait();
    return std::string();
  });
  CurlOptions options;
  options.stall_seconds = 1;
  std::unique_ptr<Transport> transport = NewCurlTransport(options);
  Request request;
  request.method = "GET";
  request.url = server.Url("/");
  try {
    transport->Send(request);
    ADD_FAILURE() << "an answer came";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNetwork) << error.what();
  }
  given_up.set_value();
}

// Whoever sends it has to ask first how much of it has arrived.
TEST(CurlBodyTest, ABodyIsNotSentTwiceUnasked) {
  std::atomic<int> seen{0};
  TinyServer server(
      [&](const std::string& request) {
        ++seen;
        return request.starts_with("GET ") ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" : "";
      },
      2);
  std::unique_ptr<Transport> transport = NewCurlTransport({});
  std::unique_ptr<BlobSource> source = MemoryBlob(std::string(100000, 'u'));
  for (const char* method : {"GET", "PUT"}) {
    Request request;
    request.method = method;
    request.url = server.Url("/");
    if (request.method == "PUT") request.body = source.get();
    try {
      transport->Send(request);
      EXPECT_EQ(request.method, "GET");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kNetwork);
      EXPECT_STREQ(error.what(), "the connection broke while a body was sent");
    }
  }
  EXPECT_EQ(seen, 2);
}

TEST_F(CurlTransportTest, GoesOnAfterAFailure) {
  std::unique_ptr<Transport> transport = NewCurlTransport({});
  for (const char* url : {"http://no-such-host.invalid/", "http://127.0.0.1:1/"}) {
    for (int i = 0; i < 2; ++i) {
      Request request = Make("GET", "/");
      request.url = url;
      try {
        transport->Send(request);
        ADD_FAILURE() << url;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kNetwork) << error.what();
      }
    }
  }
  EXPECT_EQ(transport->Send(Make("GET", "/plain")).status, 200);
}

TEST_F(CurlTransportTest, CredentialsStayWithTheirHost) {
  Request request = Make("GET", "/same");
  request.headers = {{"Authorization", "Bearer secret"}, {"Range", "bytes=0-9"}};
  EXPECT_EQ(Send(request).url, server_.Url("/plain?sig=secret"));
  EXPECT_TRUE(Has(requests_[1], "Authorization: Bearer secret"));
  request.url = server_.Url("/other");
  EXPECT_EQ(Send(request).url, server_.Url("/plain", "localhost"));
  EXPECT_TRUE(Has(requests_[2], "Authorization: Bearer secret"));
  EXPECT_FALSE(Has(requests_[3], "Authorization"));
  EXPECT_TRUE(Has(requests_[3], "Range: bytes=0-9"));
  EXPECT_TRUE(Has(trace_, "/plain?sig=***"));
  EXPECT_FALSE(Has(trace_, "secret"));
}

TEST_F(CurlTransportTest, RedirectsThatAreNotFollowed) {
  EXPECT_TRUE(Has(Failure(Make("GET", "/loop")), "more than 5 redirects"));
  EXPECT_EQ(requests_.size(), 6u);
  EXPECT_NE(Failure(Make("GET", "/ftp")), "");
}

// A proxy sees absolute URLs.
TEST_F(CurlTransportTest, ProxiesAreTakenFromTheEnvironment) {
  struct Row {
    const char* variable;
    const char* no_proxy;
    bool asked;
  };
  const Row rows[] = {
      {"http_proxy", "", true},
      {"HTTP_PROXY", "", false},  // a CGI server sets it by a request's header
      {"http_proxy", "registry.invalid", false},
      {"http_proxy", ".invalid,other", false},
      {"http_proxy", "other", true},
  };
  std::string proxy = server_.Url("");
  proxy.insert(proxy.find("://") + 3, "user:pr0xy@");
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.variable) + " " + row.no_proxy);
    requests_.clear();
    setenv(row.variable, proxy.c_str(), 1);
    setenv("NO_PROXY", row.no_proxy, 1);
    Request request = Make("GET", "/");
    request.url = "http://registry.invalid/plain";
    request.headers = {{"Authorization", "Bearer secret"}};
    EXPECT_EQ(Failure(request).empty(), row.asked);
    EXPECT_EQ(requests_.size(), row.asked ? 1u : 0u);
    if (row.asked) {
      EXPECT_TRUE(requests_[0].starts_with("GET http://registry.invalid/plain HTTP/1.1\r\n"));
    }
    // Nothing that is on this machine goes through one.
    EXPECT_EQ(Send(Make("GET", "/plain")).status, 200);
    EXPECT_TRUE(requests_.back().starts_with("GET /plain "));
    unsetenv(row.variable);
    unsetenv("NO_PROXY");
  }
  EXPECT_FALSE(Has(trace_, "pr0xy"));
}

TEST_F(CurlTransportTest, WhatIsForTheRegistryIsNotForAProxy) {
  setenv("HTTPS_PROXY", server_.Url("").c_str(), 1);
  Request request = Make("GET", "/");
  request.url = "https://registry.invalid/v2/";
  request.headers = {{"Authorization", "Bearer secret"}};
  EXPECT_NE(Failure(request), "");
  unsetenv("HTTPS_PROXY");
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_TRUE(requests_[0].starts_with("CONNECT registry.invalid:443 HTTP/1.1\r\n"));
  EXPECT_FALSE(Has(requests_[0], "secret"));
}

TEST_F(CurlTransportTest, ATraceShowsThatButNotHowItAuthenticates) {
  Request request = Make("GET", "/plain?scope=repository:a:pull&account=me");
  request.headers = {{"Authorization", "Basic c2VjcmV0"}};
  Send(request);
  EXPECT_TRUE(
      Has(trace_, "/plain?scope=repository:a:pull&account=*** (Authorization: Basic ***)\n"));
  EXPECT_TRUE(Has(trace_, " ms, HTTP/1.1\n"));
  EXPECT_FALSE(Has(trace_, "c2VjcmV0"));
}

// As for a host that a registry at a public address has named.
TEST(CurlExchangeTest, NothingGoesToAPrivateAddressByName) {
  for (const char* host : {"127.0.0.1", "localhost"}) {
    for (bool refused : {false, true}) {
      std::atomic<int> seen{0};
      TinyServer server([&](const std::string&) {
        ++seen;
        return Answer("200 OK");
      });
      CurlMulti multi;
      CurlSettings settings;
      HostTls tls;
      Request request;
      request.method = "GET";
      std::unique_ptr<CURL, void (*)(CURL*)> handle(Curl().easy_init(), Curl().easy_cleanup);
      CurlExchange exchange(&multi, handle.get(), settings, tls, request);
      if (refused) exchange.RefusePrivateAddress();
      try {
        EXPECT_EQ(exchange.Run(server.Url("/", host), true).status, 200);
        EXPECT_FALSE(refused);
        EXPECT_EQ(exchange.PeerAddress(), "127.0.0.1");
      } catch (const Error& error) {
        EXPECT_TRUE(refused) << error.what();
        EXPECT_EQ(error.kind(), ErrorKind::kRegistry);
        EXPECT_STREQ(error.what(), "another host named it, and it has a private address");
      }
      EXPECT_EQ(seen, refused ? 0 : 1);
    }
  }
}

}  // namespace
}  // namespace kontext
