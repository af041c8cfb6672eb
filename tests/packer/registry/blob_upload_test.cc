#include "packer/registry/blob_upload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "packer/error.h"
#include "packer/hash.h"
#include "tests/packer/registry/fake_transport.h"

namespace kontext {
namespace {

class BlobUploadTest : public testing::Test {
 protected:
  // Empty, or what the Error says.
  std::string Upload(const std::string& bytes,
                     const std::string& reference = "localhost:5000/app:v1") {
    blob_ = {"application/octet-stream", DigestOf(bytes), bytes.size(), {}, {}};
    closing_ = "digest=sha256%3A" + blob_.digest.substr(7);
    FakeTransport transport(&script_);
    RetryPolicy retry;
    retry.sleep = [this](Milliseconds time) { slept_.push_back(time.count()); };
    retry.random = [] { return 1.0; };
    Endpoint endpoint(transport, ParseReference(reference), false, retry);
    try {
      if (asks_) {
        sent_ = UploadUnlessThere(endpoint, blob_, *MemoryBlob(bytes));
      } else {
        UploadBlob(endpoint, blob_, *MemoryBlob(bytes));
      }
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  }

  static Step Started(const std::string& location = "/up/1") {
    return {202, {{"location", location}}, ""};
  }

  Script script_;
  Descriptor blob_;
  std::string closing_;
  bool asks_ = false;
  bool sent_ = false;
  std::vector<long> slept_;
};

TEST_F(BlobUploadTest, SendsAllInOnePut) {
  struct Row {
    const char* location;
    const char* url;  // the digest goes on its end
  };
  const Row rows[] = {
      {"/v2/app/blobs/uploads/1", "http://localhost:5000/v2/app/blobs/uploads/1?"},
      {"1", "http://localhost:5000/v2/app/blobs/uploads/1?"},
      {"/up/1?_state=a%2Fb", "http://localhost:5000/up/1?_state=a%2Fb&"},
      {"http://localhost:5000/up/1?a=b&", "http://localhost:5000/up/1?a=b&"},
      {"https://storage.io/up/1?sig=x", "https://storage.io/up/1?sig=x&"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.location);
    script_ = {{Started(row.location), {201, {}, ""}}, {}};
    EXPECT_EQ(Upload("hello"), "");
    EXPECT_EQ(script_.Methods(), "POST PUT");
    EXPECT_EQ(script_.seen[0].url, "http://localhost:5000/v2/app/blobs/uploads/");
    EXPECT_EQ(script_.seen[1].url, row.url + closing_);
    EXPECT_EQ(script_.seen[1].body, "hello");
    EXPECT_EQ(script_.seen[1].headers["Content-Type"], "application/octet-stream");
  }
}

TEST_F(BlobUploadTest, ThePostAsksWhetherItIsThere) {
  asks_ = true;
  script_ = {{{201, {}, ""}}, {}};
  EXPECT_EQ(Upload("hello"), "");
  EXPECT_FALSE(sent_);
  EXPECT_EQ(script_.seen[0].url, "http://localhost:5000/v2/app/blobs/uploads/?mount=sha256%3A" +
                                     blob_.digest.substr(7) + "&from=app");
  script_ = {{Started(), {201, {}, ""}}, {}};
  EXPECT_EQ(Upload("hello"), "");
  EXPECT_TRUE(sent_);
  EXPECT_EQ(script_.Methods(), "POST PUT");
}

// Nor asks a second time.
TEST_F(BlobUploadTest, AsksNoRegistryThatTakesNoSuchQuestion) {
  asks_ = true;
  for (int status : {400, 401, 403, 404, 405, 500, 503}) {
    SCOPED_TRACE(status);
    script_ = {{{status, {}, ""}, Started(), {201, {}, ""}}, {}};
    EXPECT_EQ(Upload("hello"), "");
    EXPECT_TRUE(sent_);
    EXPECT_EQ(script_.Methods(), "POST POST PUT");
    EXPECT_EQ(script_.seen[1].url, "http://localhost:5000/v2/app/blobs/uploads/");
  }
  // A 201 to an upload's POST says nothing about the blob.
  script_ = {{{503, {}, ""}, {201, {{"location", "/up/1"}}, ""}, {201, {}, ""}}, {}};
  EXPECT_EQ(Upload("hello"), "");
  EXPECT_TRUE(sent_);
}

TEST_F(BlobUploadTest, SendsAnEmptyBlob) {
  script_.steps = {Started(), {201, {}, ""}};
  EXPECT_EQ(Upload(""), "");
}

TEST_F(BlobUploadTest, RefusesToBeSentElsewhere) {
  const char* const locations[] = {"http://storage.io/up", "https://169.254.169.254/latest",
                                   "http://127.0.0.1:80/x"};
  for (const char* location : locations) {
    script_ = {{Started(location)}, {}};
    EXPECT_NE(Upload("hello", "quay.io/app").find("is refused: "), std::string::npos) << location;
    EXPECT_EQ(script_.Methods(), "POST");
  }
}

TEST_F(BlobUploadTest, NamesAMissingLocation) {
  script_.steps = {{202, {}, ""}};
  std::string failure = Upload("hello");
  EXPECT_EQ(failure, "localhost:5000/app:v1: " + BlobSubject(blob_.digest) +
                         ": the registry does not say where to upload (no Location)");
}

TEST_F(BlobUploadTest, ANamedUploadNeedsNoLocation) {
  script_.steps = {{202, {{"docker-upload-uuid", "0a-1b"}}, ""}, {201, {}, ""}};
  EXPECT_EQ(Upload("hello"), "");
  EXPECT_EQ(script_.seen[1].url, "http://localhost:5000/v2/app/blobs/uploads/0a-1b?" + closing_);
  for (const char* name : {"", "../x", "a?b", "a/b"}) {
    script_ = {{{202, {{"docker-upload-uuid", name}}, ""}}, {}};
    EXPECT_NE(Upload("hello").find("no Location"), std::string::npos) << name;
  }
}

TEST_F(BlobUploadTest, FallsBackToChunks) {
  const std::string bytes(9 << 20, 'x');
  for (int refusal : {400, 404, 405, 413, 416}) {
    // PATCH answers 202, 201 without a Location, and 204 with a new one.
    script_ = {{Started(),
                {refusal, {}, "<html>"},
                Started("/up/2"),
                Started("/up/2b?s=1"),
                {201, {}, ""},
                {204, {{"location", "/up/2c?s=2"}}, ""},
                {201, {}, ""}},
               {}};
    EXPECT_EQ(Upload(bytes), "");
    EXPECT_EQ(script_.Methods(), "POST PUT POST PATCH PATCH PATCH PUT");
    EXPECT_EQ(script_.seen[3].url, "http://localhost:5000/up/2");
    EXPECT_EQ(script_.seen[3].headers["Content-Range"], "0-4194303");
    EXPECT_EQ(script_.seen[4].url, "http://localhost:5000/up/2b?s=1");
    EXPECT_EQ(script_.seen[5].url, "http://localhost:5000/up/2b?s=1");
    EXPECT_EQ(script_.seen[5].headers["Content-Range"], "8388608-9437183");
    EXPECT_EQ(script_.seen[6].url, "http://localhost:5000/up/2c?s=2&" + closing_);
    EXPECT_EQ(script_.seen[6].body, "");
    EXPECT_EQ(script_.seen[3].body + script_.seen[4].body + script_.seen[5].body, bytes);
  }
}

TEST_F(BlobUploadTest, TakesSmallerChunksWhereTheseAreTooLarge) {
  script_.steps = {Started(), {413, {}, ""}, Started(), {413, {}, ""}, Started()};
  script_.steps.insert(script_.steps.end(), 5, Started());
  script_.steps.push_back({201, {}, ""});
  EXPECT_EQ(Upload(std::string(5 << 20, 'x')), "");
  EXPECT_EQ(script_.Methods(), "POST PUT POST PATCH POST PATCH PATCH PATCH PATCH PATCH PUT");
}

TEST_F(BlobUploadTest, SaysWhatToDoWhereNoneIsSmallEnough) {
  for (size_t size : {size_t{5}, size_t{3} << 20}) {
    script_ = {};
    for (int i = 0; i < 3; ++i) {
      script_.steps.insert(script_.steps.end(), {Started(), {413, {}, "<html>"}});
    }
    std::string failure = Upload(std::string(size, 'x'));
    std::string end =
        "413 Content Too Large; the registry or a proxy before it takes no bodies of " +
        std::to_string(std::min(size, size_t{1} << 20)) +
        " bytes: raise its limit (nginx: client_max_body_size)";
    EXPECT_TRUE(failure.ends_with(end)) << failure;
  }
}

TEST_F(BlobUploadTest, HonoursTheLeastChunk) {
  Step started = Started();
  started.headers["oci-chunk-min-length"] = "6291456";
  script_.steps = {started, {413, {}, ""}, started, Started(), Started(), {201, {}, ""}};
  EXPECT_EQ(Upload(std::string(7 << 20, 'x')), "");
  EXPECT_EQ(script_.seen[3].headers["Content-Range"], "0-6291455");
}

TEST_F(BlobUploadTest, StartsOverWhatBroke) {
  script_.steps = {Started("/up/1"), {503, {{"retry-after", "3"}}, ""},
                   Started("/up/2"), {0, {}, ""},
                   Started("/up/3"), {201, {}, ""}};
  EXPECT_EQ(Upload("hello"), "");
  EXPECT_EQ(script_.Methods(), "POST PUT POST PUT POST PUT");
  EXPECT_EQ(script_.seen[5].url, "http://localhost:5000/up/3?" + closing_);
  EXPECT_EQ(slept_, (std::vector<long>{3000, 200}));
}

// Larger than a chunk: worth a question.
TEST_F(BlobUploadTest, GoesOnWhereItBroke) {
  std::string bytes(9 << 20, 'x');
  bytes += "end";
  const std::string rest = "5242880-" + std::to_string(bytes.size() - 1);
  for (const char* range : {"0-5242879", "bytes=0-5242879"}) {
    script_ = {{Started("/up/1"),
                {0, {}, ""},
                {204, {{"location", "/up/1b"}, {"range", range}}, ""},
                Started("/up/1c"),
                {201, {}, ""}},
               {}};
    EXPECT_EQ(Upload(bytes), "");
    EXPECT_EQ(script_.Methods(), "POST PUT GET PATCH PUT");
    EXPECT_EQ(script_.seen[2].url, "http://localhost:5000/up/1");
    EXPECT_EQ(script_.seen[3].url, "http://localhost:5000/up/1b");
    EXPECT_EQ(script_.seen[3].headers["Content-Range"], rest);
    EXPECT_EQ(script_.seen[3].body, bytes.substr(5242880));
    EXPECT_EQ(script_.seen[4].url, "http://localhost:5000/up/1c?" + closing_);
    EXPECT_EQ(script_.seen[4].body, "");
  }
}

TEST_F(BlobUploadTest, GoesOnWithinItsChunks) {
  const std::string bytes(9 << 20, 'x');
  script_.steps = {
      Started("/up/1"), {413, {}, ""}, Started("/up/2"), Started("/up/2"), {503, {}, ""}};
  script_.steps.push_back({204, {{"range", "0-6291455"}}, ""});
  script_.steps.insert(script_.steps.end(), {Started("/up/2"), {201, {}, ""}});
  EXPECT_EQ(Upload(bytes), "");
  EXPECT_EQ(script_.Methods(), "POST PUT POST PATCH PATCH GET PATCH PUT");
  EXPECT_EQ(script_.seen[6].headers["Content-Range"], "6291456-9437183");
}

TEST_F(BlobUploadTest, StartsOverWhereARegistryKnowsNoOffset) {
  const std::string bytes(5 << 20, 'x');
  const Step answers[] = {{404, {}, ""},
                          {204, {}, ""},
                          {204, {{"range", "0-0"}}, ""},
                          {204, {{"range", "0-99999999"}}, ""},
                          {204, {{"range", "0-x"}}, ""},
                          {204, {{"range", "10-20"}}, ""},
                          {204, {{"range", "0-18446744073709551615"}}, ""}};
  for (const Step& answer : answers) {
    script_ = {{Started(), {0, {}, ""}, answer, {404, {}, ""}, Started("/up/2"), {201, {}, ""}},
               {}};
    EXPECT_EQ(Upload(bytes), "");
    EXPECT_EQ(script_.Methods(), "POST PUT GET HEAD POST PUT");
    EXPECT_EQ(script_.seen[5].body, bytes);
  }
}

TEST_F(BlobUploadTest, DoesNotTrustAnOffsetTwice) {
  const std::string bytes(5 << 20, 'x');
  script_.steps = {Started(),
                   {0, {}, ""},
                   {204, {{"range", "0-99"}}, ""},
                   Started(),
                   {400, {}, R"({"errors":[{"code":"DIGEST_INVALID"}]})"},
                   Started("/up/2"),
                   {0, {}, ""},
                   Started("/up/3"),
                   {201, {}, ""}};
  EXPECT_EQ(Upload(bytes), "");
  EXPECT_EQ(script_.Methods(), "POST PUT GET PATCH PUT POST PUT POST PUT");
}

// Each break gets a little further than the one before: more of them than there are tries.
TEST_F(BlobUploadTest, ALongUploadMayBreakOften) {
  constexpr uint64_t kStep = 1 << 20;
  const std::string bytes(9 * kStep, 'x');
  script_.steps = {Started(), {413, {}, ""}, Started()};
  for (uint64_t i = 1; i <= 8; ++i) {
    script_.steps.push_back({0, {}, ""});
    script_.steps.push_back({204, {{"range", "0-" + std::to_string(i * kStep - 1)}}, ""});
  }
  script_.steps.insert(script_.steps.end(), {Started(), {201, {}, ""}});
  EXPECT_EQ(Upload(bytes), "");
  EXPECT_EQ(slept_, std::vector<long>(8, 100));
  EXPECT_EQ(script_.seen[script_.seen.size() - 2].headers["Content-Range"], "8388608-9437183");
}

TEST_F(BlobUploadTest, AnUploadThatDoesNotGetOnIsGivenUp) {
  script_.steps = {Started(), {413, {}, ""}, Started()};
  for (int i = 0; i < 6; ++i) {
    script_.steps.push_back({0, {}, ""});
    script_.steps.push_back({204, {{"range", "0-1048575"}}, ""});
  }
  EXPECT_NE(Upload(std::string(9 << 20, 'x')), "");
  EXPECT_EQ(slept_, (std::vector<long>{100, 100, 200, 400, 800}));
}

TEST_F(BlobUploadTest, ABusyRegistryKeepsWhatItHas) {
  const std::string bytes(5 << 20, 'x');
  script_.steps = {Started(),    {0, {}, ""},  {503, {}, ""}, {204, {{"range", "0-99"}}, ""},
                   Started("2"), {201, {}, ""}};
  EXPECT_EQ(Upload(bytes), "");
  EXPECT_EQ(script_.Methods(), "POST PUT GET GET PATCH PUT");
  EXPECT_EQ(script_.seen[4].headers["Content-Range"], "100-5242879");
}

TEST_F(BlobUploadTest, StartsOverWhatARegistryHasForgotten) {
  const std::string bytes(5 << 20, 'x');
  const Step answers[] = {{404, {}, R"({"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]})"},
                          {404, {}, R"({"errors":[{"code":"BLOB_UPLOAD_INVALID"}]})"},
                          {416, {}, ""}};
  for (const Step& answer : answers) {
    script_ = {{Started(),
                {413, {}, ""},
                Started(),
                Started(),
                answer,
                {404, {}, ""},
                Started(),
                Started(),
                Started(),
                {201, {}, ""}},
               {}};
    EXPECT_EQ(Upload(bytes), "");
    EXPECT_EQ(script_.Methods(), "POST PUT POST PATCH PATCH HEAD POST PATCH PATCH PUT");
    // It was ended, and only the answer got lost.
    script_ = {{Started(), {413, {}, ""}, Started(), Started(), Started(), answer, {200, {}, ""}},
               {}};
    EXPECT_EQ(Upload(bytes), "");
    EXPECT_EQ(script_.Methods(), "POST PUT POST PATCH PATCH PUT HEAD");
  }
}

// ECR tells of an earlier one, zot once told a wrong one: what was sent is what counts.
TEST_F(BlobUploadTest, TheRangeOfAChunksAnswerDoesNotCount) {
  const std::string bytes(9 << 20, 'x');
  Step stale{201, {{"location", "/up/1"}, {"range", "0-17"}}, ""};
  script_.steps = {Started(), {413, {}, ""}, Started(), stale, stale, stale, {201, {}, ""}};
  EXPECT_EQ(Upload(bytes), "");
  EXPECT_EQ(script_.seen[5].headers["Content-Range"], "8388608-9437183");
}

// Quotas show up at the end (Harbor: 500, 400 or 403): one clear line, no chunks.
TEST_F(BlobUploadTest, AQuotaIsNamed) {
  const std::string body = R"({"errors":[{"code":"DENIED","message":"quota exceeded"}]})";
  for (int status : {400, 403}) {
    script_ = {{Started(), {status, {}, body}}, {}};
    EXPECT_NE(Upload("hello").find("quota exceeded"), std::string::npos);
  }
  script_ = {{}, {}};
  for (int i = 0; i < 5; ++i) {
    script_.steps.insert(script_.steps.end(), {Started(), {500, {}, body}});
  }
  EXPECT_NE(Upload("hello").find("quota exceeded"), std::string::npos);
}

// containerd #11949.
TEST_F(BlobUploadTest, ALocationCountsFromWhereTheAnswerCameFrom) {
  script_.steps = {Started("/up/1?s=1"), {201, {}, ""}};
  script_.steps[0].url = "https://backend.io/v2/app/blobs/uploads/";
  EXPECT_EQ(Upload("hello"), "");
  EXPECT_EQ(script_.seen[1].url, "https://backend.io/up/1?s=1&" + closing_);
}

TEST_F(BlobUploadTest, OnlyTheAnswerWasLost) {
  script_.steps = {Started(), {0, {}, ""}, {404, {}, ""}, {200, {}, ""}};
  EXPECT_EQ(Upload(std::string(5 << 20, 'x')), "");
  EXPECT_EQ(script_.Methods(), "POST PUT GET HEAD");
}

TEST_F(BlobUploadTest, SaysWhyItGaveUp) {
  for (int i = 0; i < 5; ++i) {
    script_.steps.push_back(Started());
    script_.steps.push_back({503, {}, R"({"errors":[{"code":"UNAVAILABLE","message":"later"}]})"});
  }
  std::string failure = Upload("hello");
  EXPECT_EQ(failure, "localhost:5000/app:v1: " + BlobSubject(blob_.digest) +
                         ": 503 Service Unavailable: later");
}

TEST_F(BlobUploadTest, DoesNotSendAgainWhatIsWrong) {
  script_.steps = {Started(), {400, {}, R"({"errors":[{"code":"DIGEST_INVALID"}]})"}};
  EXPECT_NE(Upload("hello").find("400 Bad Request: DIGEST_INVALID"), std::string::npos);
  script_ = {{{401, {}, ""}}, {}};
  EXPECT_NE(Upload("hello").find("wants authentication"), std::string::npos);
}

}  // namespace
}  // namespace kontext
