// What a Docker daemon answers, and where one is looked for.
#include <gtest/gtest.h>

#include <string>

#include "packer/error.h"
#include "packer/store/daemon_answer.h"
#include "packer/store/daemon_client.h"

namespace kontext {
namespace {

std::string ErrorOf(const std::string& stream) {
  std::string whole, pieces;
  LoadAnswer at_once;
  at_once.Feed(stream);
  at_once.Finish();
  LoadAnswer in_pieces;
  for (char c : stream) in_pieces.Feed({&c, 1});
  in_pieces.Finish();
  EXPECT_EQ(at_once.error(), in_pieces.error());
  return at_once.error();
}

TEST(LoadAnswerTest, FindsTheError) {
  const std::string fine =
      "{\"status\":\"Loading layer\",\"progressDetail\":{\"current\":1}}\r\n"
      "{\"stream\":\"Loaded image: app:v1\\n\"}\r\n";
  EXPECT_EQ(ErrorOf(""), "");
  EXPECT_EQ(ErrorOf(fine), "");
  EXPECT_EQ(ErrorOf(fine + R"({"errorDetail":{"message":"no space"},"error":"no space"})"),
            "no space");
  EXPECT_EQ(ErrorOf(R"({"errorDetail":{"message":"only here"}})"
                    "\n" +
                    fine),
            "only here");
  EXPECT_EQ(ErrorOf(R"({"errorDetail":{}})"), "it gives no reason");
  EXPECT_EQ(ErrorOf("{\"error\":\"first\"}\n{\"error\":\"second\"}\n"), "first");
  EXPECT_EQ(ErrorOf("nonsense\n[1]\n7\n{\"error\":5}\n"), "");
  EXPECT_EQ(ErrorOf(std::string(2 << 20, 'x') + "\n{\"error\":\"after it\"}"), "after it");
}

TEST(DaemonAnswerTest, Messages) {
  EXPECT_EQ(DaemonMessage(R"({"message":"conflict: in use"})"), "conflict: in use");
  EXPECT_EQ(DaemonMessage("plain\n"), DaemonMessage("plain"));
}

TEST(DaemonAnswerTest, AnImage) {
  const std::string id = "sha256:" + std::string(64, 'a');
  DaemonImage image =
      ReadDaemonImage(R"({"Id":")" + id +
                      R"(","Os":"linux","Architecture":"amd64","Config":{"Labels":{"a":"b"}},)"
                      R"("RootFS":{"Type":"layers","Layers":["x","y"]}})");
  EXPECT_EQ(image.id, id);
  EXPECT_EQ(image.config.platform, (Platform{"linux", "amd64", ""}));
  EXPECT_EQ(image.config.labels, (StringMap{{"a", "b"}}));
  EXPECT_EQ(image.config.diff_ids, (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(
      ReadDaemonImage(R"({"Id":")" + id + R"(","Config":{"Labels":null}})").config.labels.empty());
  for (const char* bad : {"", "[]", "{}", R"({"Id":"app"})"}) {
    EXPECT_THROW(ReadDaemonImage(bad), Error) << bad;
  }
}

TEST(DaemonClientTest, Addresses) {
  EXPECT_EQ(ParseDockerHost("").socket, "/var/run/docker.sock");
  EXPECT_EQ(ParseDockerHost("unix:///x/d.sock").socket, "/x/d.sock");
  EXPECT_EQ(ParseDockerHost("tcp://127.0.0.1:2375/").url, "http://127.0.0.1:2375");
  EXPECT_EQ(ParseDockerHost("tcp://127.0.0.1:2375").socket, "");
  for (const char* bad : {"ssh://me@host", "unix://", "tcp://", "127.0.0.1:2375", "npipe://x"}) {
    try {
      ParseDockerHost(bad);
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_NE(std::string(error.what()).find(bad), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace kontext
