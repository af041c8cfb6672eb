#include "packer/registry/retry.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "packer/error.h"
#include "packer/registry/wait_warning.h"
#include "tests/packer/registry/fake_transport.h"

namespace kontext {
namespace {

class RetryTest : public testing::Test {
 protected:
  RetryTest() {
    policy_.sleep = [this](Milliseconds time) { slept_.push_back(time.count()); };
    policy_.random = [] { return 1.0; };  // the longest waits
  }

  Response Send(Request request = {"GET", "http://localhost/x", {}, nullptr, {}, {}}) {
    return NewRetryTransport(std::make_unique<FakeTransport>(&script_), policy_)->Send(request);
  }

  Script script_;
  RetryPolicy policy_;
  std::vector<long> slept_;
};

TEST_F(RetryTest, TriesAgainUntilItWorks) {
  script_.steps = {{503, {}, ""}, {0, {}, ""}, {200, {}, "ok"}};
  EXPECT_EQ(Send().body, "ok");
  EXPECT_EQ(slept_, (std::vector<long>{500, 200}));
}

TEST_F(RetryTest, ARegistryThatIsNotThereIsNamedWithinTwoSeconds) {
  script_.steps.assign(5, Step{0, {}, ""});
  EXPECT_THROW(Send(), Error);
  EXPECT_EQ(slept_, (std::vector<long>{100, 200, 400, 800}));
}

TEST_F(RetryTest, GivesTheLastAnswerWhenTriesAreUsedUp) {
  script_.steps.assign(5, Step{500, {}, "no"});
  EXPECT_EQ(Send().status, 500);
  EXPECT_EQ(script_.seen.size(), 5u);
}

TEST_F(RetryTest, HonoursRetryAfterWithinBounds) {
  const std::string date = "Fri, 07 Nov 2025 23:59:00 GMT";
  script_.steps = {{429, {{"retry-after", "7"}}, ""},
                   {429, {{"retry-after", "99999999999999999999"}}, ""},
                   {503, {{"retry-after", "Fri, 07 Nov 2025 23:59:09 GMT"}, {"date", date}}, ""},
                   {503, {{"retry-after", "soon"}, {"date", date}}, ""},
                   {200, {}, ""}};
  Send();
  EXPECT_EQ(slept_, (std::vector<long>{7000, 60000, 9000, 4000}));
}

TEST_F(RetryTest, WaitsWhereNoWaitIsAskedFor) {
  const std::string date = "Fri, 07 Nov 2025 23:59:00 GMT";
  script_.steps = {{429, {{"retry-after", "0"}}, ""},
                   {503, {{"retry-after", date}, {"date", date}}, ""},
                   {503, {{"retry-after", "Thu, 01 Jan 1970 00:00:00 GMT"}, {"date", date}}, ""},
                   {200, {}, ""}};
  std::vector<bool> asked;
  policy_.on_wait = [&](const RetryWait& wait) { asked.push_back(wait.asked); };
  Send();
  EXPECT_EQ(slept_, (std::vector<long>{500, 1000, 2000}));
  EXPECT_EQ(asked, (std::vector<bool>{false, false, false}));
}

TEST_F(RetryTest, KnowsWhatWillPass) {
  for (int status : {408, 429, 499, 500, 502, 503, 504, 520, 522, 524}) {
    script_ = {{{status, {}, ""}, {200, {}, ""}}, {}};
    EXPECT_EQ(Send().status, 200) << status;
  }
}

TEST_F(RetryTest, LeavesRefusalsAlone) {
  for (int status : {400, 401, 403, 404, 413, 501}) {
    script_ = {{{status, {}, ""}}, {}};
    EXPECT_EQ(Send().status, status);
  }
  EXPECT_TRUE(slept_.empty());
}

TEST_F(RetryTest, NeverGivesASinkTheSameBytesTwice) {
  script_.steps = {{200, {}, "abcdefghijkl", 8}};
  std::string got;
  Request request{"GET", "http://localhost/x", {}, nullptr, {}, {}};
  request.sink = [&](std::string_view bytes) {
    got += bytes;
    return true;
  };
  EXPECT_THROW(Send(request), Error);
  EXPECT_EQ(got, "abcdefgh");
}

TEST_F(RetryTest, LeavesWhatTheSenderStartsOverItself) {
  script_.steps = {{503, {}, ""}};
  Request request{"PUT", "http://localhost/x", {}, nullptr, {}, {}};
  request.may_retry = false;
  EXPECT_EQ(Send(request).status, 503);
}

TEST_F(RetryTest, SaysWhatItWaitsFor) {
  std::vector<std::string> said;
  auto warn = [&](const std::string& line) { said.push_back(line); };
  struct Row {
    RetryWait wait;
    const char* line;
  };
  const Row rows[] = {
      {{Milliseconds(30'000), 429, true}, "waiting 30 s as quay.io asks (429)"},
      {{Milliseconds(2'000), 503, false}, "quay.io answers 503: trying again in 2 s"},
      {{Milliseconds(4'000), 0, false}, "no answer from quay.io: trying again in 4 s"},
      {{Milliseconds(999), 503, false}, nullptr},
  };
  for (const Row& row : rows) {
    said.clear();
    auto on_wait = WarnOfWaits("quay.io", warn);
    on_wait(row.wait);
    on_wait(row.wait);  // another thread, at the same time
    EXPECT_EQ(said.size(), row.line == nullptr ? 0u : 1u);
    if (!said.empty()) {
      EXPECT_EQ(said[0], row.line);
    }
  }
  EXPECT_FALSE(WarnOfWaits("quay.io", nullptr));
}

TEST_F(RetryTest, TellsOfEachWait) {
  std::vector<int> told;
  policy_.on_wait = [&](const RetryWait& wait) {
    told.push_back(wait.asked ? -wait.status : wait.status);
  };
  script_.steps = {{429, {{"retry-after", "7"}}, ""}, {503, {}, ""}, {0, {}, ""}, {200, {}, ""}};
  Send();
  EXPECT_EQ(told, (std::vector<int>{-429, 503, 0}));
}

TEST_F(RetryTest, JitterStaysBetweenHalfAndWhole) {
  policy_.random = [] { return 0.0; };
  EXPECT_EQ(RetryDelay(policy_, 3, nullptr).count(), 200);
  Response answer;
  EXPECT_EQ(RetryDelay(policy_, 30, &answer).count(), 5000);
}

}  // namespace
}  // namespace kontext
