#include "packer/registry/auth_transport.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kontext {
namespace {

// Wants a token, and takes any that the token server has given but those that it has forgotten.
class GatedTransport : public Transport {
 public:
  Response Send(const Request& request) override {
    std::lock_guard<std::mutex> lock(mutex);
    if (request.url.starts_with("https://auth.io/")) {
      ++fetched;
      return {200, {}, R"({"token":"t)" + std::to_string(fetched) + R"("})", request.url};
    }
    std::string sent;
    for (const auto& [name, value] : request.headers) {
      if (name == "Authorization") sent = value;
    }
    if (sent == "Bearer t" + std::to_string(fetched) && fetched > forgotten) {
      return {200, {}, "", request.url};
    }
    ++refused;
    return {401,
            {{"www-authenticate", R"(Bearer realm="https://auth.io/token",service="r")"}},
            "",
            request.url};
  }

  std::mutex mutex;
  int fetched = 0;
  int forgotten = 0;  // the tokens up to this one
  int refused = 0;
};

TEST(AuthTransportTest, ManyThreadsFetchOneToken) {
  auto gate = std::make_unique<GatedTransport>();
  GatedTransport& seen = *gate;
  AuthOptions options;
  options.registry = "quay.io";
  options.repository = "app";
  options.writes = true;
  std::unique_ptr<Transport> transport = NewAuthTransport(std::move(gate), options);
  for (int round = 1; round <= 3; ++round) {
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        Request request;
        request.method = "HEAD";
        request.url = "https://quay.io/v2/app/blobs/sha256:0";
        wrong += transport->Send(request).status != 200;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(seen.fetched, round);
    seen.forgotten = round;  // before its time: GitLab's live for a minute
  }
}

}  // namespace
}  // namespace kontext
