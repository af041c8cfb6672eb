// Servers that keep one waiting.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "packer/error.h"
#include "packer/registry/curl_transport.h"
#include "tests/packer/registry/tiny_server.h"

namespace kontext {
namespace {

// Sends its answer a byte at a time, until the client hangs up or it ends.
class DripServer {
 public:
  explicit DripServer(std::string answer) : answer_(std::move(answer)) {
    listener_ = ListenOnLoopback(&port_);
    thread_ = std::thread([this] { Drip(); });
  }

  ~DripServer() {
    thread_.join();
    close(listener_);
  }

  std::string Url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }
  size_t sent() const { return sent_; }

 private:
  void Drip() {
    int peer = accept(listener_, nullptr, nullptr);
    for (char c : answer_) {
      if (send(peer, &c, 1, MSG_NOSIGNAL) != 1) break;
      ++sent_;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    close(peer);
  }

  std::string answer_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<size_t> sent_ = 0;
  std::thread thread_;
};

TEST(CurlStallTest, WhatOnlyDripsIsGivenUp) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n";
  for (const std::string& answer : {head + std::string(300, 'x'), std::string(300, 'H')}) {
    DripServer server(answer.starts_with("HH") ? "HTTP/1.1 200 OK\r\nX: " + answer : answer);
    CurlOptions options;
    options.stall_seconds = 1;
    Request request;
    request.method = "GET";
    request.url = server.Url();
    try {
      NewCurlTransport(options)->Send(request);
      ADD_FAILURE() << "an answer came";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kNetwork) << error.what();
    }
    EXPECT_LT(server.sent(), answer.size());
  }
}

}  // namespace
}  // namespace kontext
