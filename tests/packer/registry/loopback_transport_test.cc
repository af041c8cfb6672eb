#include "packer/registry/loopback_transport.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/packer/registry/fake_transport.h"

namespace kontext {
namespace {

constexpr char kGo[] = "Client sent an HTTP request to an HTTPS server.\n";
constexpr char kNginx[] = "<html><center>The plain HTTP request was sent to HTTPS port</center>";

class LoopbackTransportTest : public testing::Test {
 protected:
  int Get(const std::string& url) {
    Request request;
    request.method = "GET";
    request.url = url;
    return transport_->Send(request).status;
  }

  Script script_;
  std::unique_ptr<Transport> transport_ =
      NewLoopbackTransport(std::make_unique<FakeTransport>(&script_), "localhost:5000");
};

TEST_F(LoopbackTransportTest, StaysWithHttp) {
  script_.steps = {{200, {}, kGo}, {400, {}, "MANIFEST_INVALID"}, {404, {}, kGo}};
  EXPECT_EQ(Get("http://localhost:5000/v2/"), 200);
  EXPECT_EQ(Get("http://localhost:5000/v2/"), 400);
  EXPECT_EQ(Get("http://localhost:5000/v2/"), 404);
  EXPECT_EQ(script_.seen[2].url, "http://localhost:5000/v2/");
}

TEST_F(LoopbackTransportTest, GoesOverToHttpsOnce) {
  for (const char* sentence : {kGo, kNginx}) {
    script_ = {{{400, {}, sentence}, {200, {}, ""}, {400, {}, "other"}}, {}};
    transport_ = NewLoopbackTransport(std::make_unique<FakeTransport>(&script_), "localhost:5000");
    EXPECT_EQ(Get("http://localhost:5000/v2/a?b=c"), 200);
    EXPECT_EQ(Get("http://localhost:5000/v2/"), 400);
    EXPECT_EQ(script_.seen[1].url, "https://localhost:5000/v2/a?b=c");
    EXPECT_EQ(script_.seen[2].url, "https://localhost:5000/v2/");
  }
}

TEST_F(LoopbackTransportTest, LeavesOtherHostsAlone) {
  script_.steps = {{400, {}, kGo}, {400, {}, kGo}, {400, {}, kGo}};
  EXPECT_EQ(Get("http://localhost:5001/v2/"), 400);
  EXPECT_EQ(Get("http://localhost:50001/v2/"), 400);
  EXPECT_EQ(Get("https://localhost:5000/v2/"), 400);
}

}  // namespace
}  // namespace kontext
