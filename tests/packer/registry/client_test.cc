#include "packer/registry/client.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "packer/error.h"
#include "packer/hash.h"
#include "packer/registry/secrets.h"
#include "tests/packer/registry/fake_transport.h"

namespace kontext {
namespace {

class KnowingTransport : public FakeTransport {
 public:
  using FakeTransport::FakeTransport;
  std::string WithoutSecrets(std::string text) const override {
    const std::string secret = "s3cret";
    return Blank(std::move(text), {&secret, 1});
  }
};

class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    retry_.sleep = [this](Milliseconds time) { slept_.push_back(time.count()); };
    retry_.random = [] { return 1.0; };
  }

  RegistryClient Client(const std::string& reference = "127.0.0.1:5000/app:v1") {
    return RegistryClient(std::make_unique<KnowingTransport>(&script_), ParseReference(reference),
                          false, retry_);
  }

  // What the Error of `action` says; empty when there was none.
  template <typename Action>
  std::string Failure(Action action) {
    try {
      action();
      return {};
    } catch (const Error& error) {
      kind_ = error.kind();
      return error.what();
    }
  }

  static Descriptor BlobOf(const std::string& bytes) {
    return {"application/octet-stream", DigestOf(bytes), bytes.size(), {}, {}};
  }

  std::string Get(const Descriptor& blob, uint64_t limit) {
    std::string got;
    Client().GetBlob(blob, limit, [&](std::string_view bytes) {
      got += bytes;
      return true;
    });
    return got;
  }

  Script script_;
  RetryPolicy retry_;
  std::vector<long> slept_;
  ErrorKind kind_ = ErrorKind::kUsage;
  const std::string bytes_ = "0123456789abcdefghijklmnopqrstuvwxyz";
  const Descriptor blob_ = BlobOf(bytes_);
};

TEST_F(ClientTest, SchemeFollowsTheHost) {
  struct Row {
    const char* reference;
    const char* url;
  };
  const Row rows[] = {
      {"127.0.0.1:5000/app:v1", "http://127.0.0.1:5000/v2/app/manifests/v1"},
      {"localhost/app:v1", "http://localhost/v2/app/manifests/v1"},
      {"[::1]:5000/app:v1", "http://[::1]:5000/v2/app/manifests/v1"},
      {"10.0.0.1:5000/app:v1", "https://10.0.0.1:5000/v2/app/manifests/v1"},
      {"app:v1", "https://registry-1.docker.io/v2/library/app/manifests/v1"},
  };
  for (const Row& row : rows) {
    script_ = {{{404, {}, ""}}, {}};
    Client(row.reference).GetManifest("v1");
    EXPECT_EQ(script_.seen[0].url, row.url);
  }
}

TEST_F(ClientTest, WhatAnAnswerClaimsMayBeASecret) {
  const std::string secret = "sha256:s3cret";
  script_.steps.assign(2, {200, {{"docker-content-digest", secret}}, "{}"});
  EXPECT_EQ(
      Failure([&] { Client().GetManifest("v1"); }),
      "127.0.0.1:5000/app:v1: manifest v1: what came is " + DigestOf("{}") + ", not sha256:***");
  script_ = {{{201, {{"docker-content-digest", secret}}, ""}}, {}};
  Descriptor manifest{"application/json", DigestOf("{}"), 2, {}, {}};
  EXPECT_NE(Failure([&] { Client().PutManifest(manifest, "{}", "v1"); }).find("stored sha256:***,"),
            std::string::npos);
  const char* const locations[] = {"ftp://x/s3cret", "http://169.254.169.254/s3cret"};
  for (const char* location : locations) {
    script_ = {{{202, {{"location", location}}, ""}}, {}};
    std::string failure = Failure([&] { Client().PutBlob(blob_, *MemoryBlob(bytes_)); });
    EXPECT_NE(failure.find("/***"), std::string::npos) << failure;
    EXPECT_NE(failure.find("127.0.0.1:5000/app:v1: blob "), std::string::npos) << failure;
  }
}

TEST_F(ClientTest, GetsAManifest) {
  script_.steps = {{200,
                    {{"content-type", "application/vnd.oci.image.index.v1+json; charset=utf-8"},
                     {"docker-content-digest", DigestOf("{}")}},
                    "{}"}};
  std::optional<ManifestAnswer> answer = Client().GetManifest("v1");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "{}");
  EXPECT_EQ(answer->media_type, "application/vnd.oci.image.index.v1+json");
  EXPECT_NE(script_.seen[0].headers["Accept"].find("application/vnd.oci.image.index.v1+json"),
            std::string::npos);
}

// Of Artifactory.
TEST_F(ClientTest, ARegistryThatDoesNotKnowATypeIsAskedForAny) {
  script_.steps = {{406, {}, ""}, {200, {}, "{}"}, {406, {}, ""}, {404, {}, ""}};
  EXPECT_EQ(Client().GetManifest("v1")->body, "{}");
  EXPECT_EQ(script_.seen[1].headers["Accept"], "*/*");
  EXPECT_FALSE(Client().GetManifest("v1"));
}

TEST_F(ClientTest, MountsABlobOrSaysThatItCouldNot) {
  script_.steps = {{201, {}, ""}};
  EXPECT_TRUE(Client().MountBlob(blob_, "team/base"));
  EXPECT_EQ(script_.Methods(), "POST");
  // Quay wants both.
  EXPECT_EQ(script_.seen[0].url, "http://127.0.0.1:5000/v2/app/blobs/uploads/?mount=sha256%3A" +
                                     blob_.digest.substr(7) + "&from=team%2Fbase");
  // An upload instead, and what Harbor, Quay and Docker Hub say of a source that they do not show.
  const Step answers[] = {{202, {{"location", "/up/1"}}, ""},
                          {401, {}, ""},
                          {400, {}, ""},
                          {403, {}, ""},
                          {404, {}, ""},
                          {405, {}, ""},
                          {500, {}, ""},
                          {0, {}, ""}};
  for (const Step& answer : answers) {
    script_ = {{answer}, {}};
    EXPECT_FALSE(Client().MountBlob(blob_, "team/base")) << answer.status;
    EXPECT_EQ(script_.seen.size(), 1u);
  }
}

TEST_F(ClientTest, AMissingManifestIsNoError) {
  script_.steps = {{404, {}, R"({"errors":[{"code":"NAME_UNKNOWN","message":"no"}]})"}};
  EXPECT_FALSE(Client().GetManifest("v1"));
}

TEST_F(ClientTest, AManifestThatIsAnotherIsAnError) {
  Step other{200, {}, "{}"}, another{200, {{"docker-content-digest", blob_.digest}}, "{}"};
  script_.steps = {other, other};
  EXPECT_NE(Failure([&] { Client().GetManifest(blob_.digest); }), "");
  EXPECT_EQ(kind_, ErrorKind::kFormat);
  script_ = {{another, another}, {}};
  EXPECT_NE(Failure([&] { Client().GetManifest("v1"); }), "");
  EXPECT_EQ(script_.seen.size(), 2u);
  script_ = {{another, {200, {{"docker-content-digest", blob_.digest}}, bytes_}}, {}};
  EXPECT_EQ(Client().GetManifest("v1")->body, bytes_);
}

TEST_F(ClientTest, RefusalsAreOneLineThatNamesAll) {
  struct Row {
    Step step;
    std::string message;
  };
  const std::string begin = "127.0.0.1:5000/app:v1: manifest v1: ";
  const Row rows[] = {
      {{403, {}, R"({"errors":[{"code":"DENIED","message":"not\nyours"}]})"},
       "403 Forbidden: not yours"},
      {{400, {}, R"({"errors":[{"code":"UNSUPPORTED"}]})"}, "400 Bad Request: UNSUPPORTED"},
      {{400, {}, "plain\r\n\ttext \n"}, "400 Bad Request: plain text"},
      {{400, {}, "<html><body>no</body></html>"}, "400 Bad Request"},
      {{418, {}, ""}, "418"},
      {{400, {}, std::string(1 << 20, '[')}, "400 Bad Request: " + std::string(197, '[') + "…"},
      {{401, {{"www-authenticate", "Bearer realm=\"x\""}}, ""},
       "the registry wants authentication (401 Unauthorized)"},
  };
  for (const Row& row : rows) {
    script_ = {{row.step}, {}};
    EXPECT_EQ(Failure([&] { Client().GetManifest("v1"); }), begin + row.message);
    EXPECT_EQ(kind_, row.step.status == 403 ? ErrorKind::kForbidden : ErrorKind::kRegistry);
  }
}

TEST_F(ClientTest, NamesARegistryThatIsNotThere) {
  script_.steps.assign(5, Step{0, {}, ""});
  EXPECT_EQ(Failure([&] { Client().HasBlob(blob_); }),
            "127.0.0.1:5000/app:v1: blob " + blob_.digest.substr(0, 19) + "…: connection refused");
  EXPECT_EQ(kind_, ErrorKind::kNetwork);
}

TEST_F(ClientTest, AsksForABlob) {
  struct Row {
    Step step;
    bool has;
  };
  const Row rows[] = {
      {{200, {{"content-length", "36"}}, ""}, true},
      {{200, {}, ""}, true},
      {{200, {{"content-length", "35"}}, ""}, false},
      {{404, {}, ""}, false},
      {{403, {}, ""}, false},
      {{501, {}, ""}, false},
  };
  for (const Row& row : rows) {
    script_ = {{row.step}, {}};
    EXPECT_EQ(Client().HasBlob(blob_), row.has);
    EXPECT_EQ(script_.Methods(), "HEAD");
  }
  script_ = {{{401, {}, ""}}, {}};
  EXPECT_NE(Failure([&] { Client().HasBlob(blob_); }), "");
}

// Of docker-registry, for a link that it has written in part: uploading mends it.
TEST_F(ClientTest, ARegistryThatCannotTellHasNoBlob) {
  script_.steps.assign(static_cast<size_t>(retry_.tries), Step{500, {}, ""});
  EXPECT_FALSE(Client().HasBlob(blob_));
  EXPECT_EQ(script_.seen.size(), script_.steps.size());
}

TEST_F(ClientTest, FetchesTheBeginningByRange) {
  script_.steps = {{206, {{"content-range", "bytes 0-9/36"}}, bytes_.substr(0, 10)}};
  EXPECT_EQ(Get(blob_, 10), bytes_.substr(0, 10));
  EXPECT_EQ(script_.seen[0].headers["Range"], "bytes=0-9");
}

TEST_F(ClientTest, TakesTheWholeWhereRangesAreNotKnown) {
  script_.steps = {{200, {}, bytes_}};
  EXPECT_EQ(Get(blob_, 10), bytes_.substr(0, 10));
}

TEST_F(ClientTest, TakesUpABrokenDownload) {
  script_.steps = {{200, {}, bytes_, 20},
                   {206, {{"content-range", "bytes 20-35/36"}}, bytes_.substr(20), 5},
                   {503, {}, ""},
                   {200, {}, bytes_}};
  EXPECT_EQ(Get(blob_, 0), bytes_);
  EXPECT_EQ(script_.seen[1].headers["Range"], "bytes=20-35");
  EXPECT_EQ(script_.seen[3].headers["Range"], "bytes=25-35");
}

TEST_F(ClientTest, FetchesTheWholeWhereARangeIsRefused) {
  const Step refusals[] = {
      {416, {}, ""}, {501, {}, ""}, {206, {{"content-range", "bytes 5-9/36"}}, "56789"}};
  for (const Step& refusal : refusals) {
    script_ = {{refusal, {200, {}, bytes_}}, {}};
    EXPECT_EQ(Get(blob_, 10), bytes_.substr(0, 10));
    EXPECT_EQ(script_.seen[0].headers["Range"], "bytes=0-9");
    EXPECT_EQ(script_.seen[1].headers.count("Range"), 0u);
    // Also where a download is taken up.
    script_ = {{{200, {}, bytes_, 20}, refusal, {200, {}, bytes_}}, {}};
    EXPECT_EQ(Get(blob_, 0), bytes_);
    script_ = {{refusal, refusal}, {}};
    EXPECT_NE(Failure([&] { Get(blob_, 10); }), "");
  }
  EXPECT_NE(Failure([&] {
              script_ = {{refusals[2], refusals[2]}, {}};
              Get(blob_, 10);
            }).find("asked for bytes from 0, got \"bytes 5-9/36\""),
            std::string::npos);
}

TEST_F(ClientTest, AnAnswerThatIsTooShortIsTakenUp) {
  script_.steps = {{200, {}, bytes_.substr(0, 30)},
                   {206, {{"content-range", "bytes 30-35/36"}}, bytes_.substr(30)}};
  EXPECT_EQ(Get(blob_, 0), bytes_);
  EXPECT_EQ(script_.seen[1].headers["Range"], "bytes=30-35");
}

TEST_F(ClientTest, WhatCameDamagedIsFetchedOnceMore) {
  const std::string damaged = "x" + bytes_.substr(1);
  script_.steps = {{200, {}, damaged}, {200, {}, bytes_}};
  EXPECT_EQ(Get(blob_, 0), bytes_);
  script_ = {{{200, {}, damaged}, {200, {}, damaged}}, {}};
  EXPECT_EQ(Get(blob_, 0), damaged);  // the sink checks
}

// GHCR and some proxies drop a connection again and again: all is well while it gets on.
TEST_F(ClientTest, ALongDownloadMayBreakOften) {
  constexpr size_t kPart = 300 * 1024;
  const std::string bytes(20 * kPart, 'x');
  for (size_t i = 0; i < 20; ++i) {
    std::string range = "bytes " + std::to_string(i * kPart) + "-/*";
    script_.steps.push_back({206, {{"content-range", range}}, bytes.substr(i * kPart), kPart});
  }
  script_.steps.back().break_after = std::string::npos;
  EXPECT_EQ(Get(BlobOf(bytes), 0), bytes);
  EXPECT_EQ(slept_, std::vector<long>(19, 100));
}

// Hanging up costs a connection: not where the answer ends anyway.
TEST_F(ClientTest, HangsUpOnlyInTheMiddle) {
  for (size_t enough : {7, 8, 14}) {
    script_ = {{{206, {{"content-range", "bytes 0-13/36"}}, bytes_.substr(0, 14)}}, {}};
    size_t got = 0;
    Client().GetBlob(blob_, 14, [&](std::string_view piece) {
      got += piece.size();
      return got < enough;
    });
    EXPECT_EQ(got, enough > 7 ? 14U : 7U);
    EXPECT_EQ(script_.hung_up, enough > 7 ? 0U : 1U);
  }
}

TEST_F(ClientTest, ASinksOwnErrorPassesThrough) {
  script_.steps = {{200, {}, bytes_}};
  auto sink = [](std::string_view) -> bool { throw Error(ErrorKind::kNetwork, "mine"); };
  EXPECT_EQ(Failure([&] { Client().GetBlob(blob_, 0, sink); }), "mine");
}

TEST_F(ClientTest, AMissingBlobIsNotFound) {
  script_.steps = {{404, {}, ""}};
  EXPECT_NE(Failure([&] { Get(blob_, 0); }), "");
  EXPECT_EQ(kind_, ErrorKind::kNotFound);
}

TEST_F(ClientTest, ADigestCannotLeadElsewhere) {
  Descriptor blob = blob_;
  blob.digest = "sha256:../../../other";
  EXPECT_NE(Failure([&] { Get(blob, 0); }), "");
  EXPECT_NE(Failure([&] { Client().GetManifest("../x"); }), "");
  EXPECT_TRUE(script_.seen.empty());
}

TEST_F(ClientTest, PutsAManifest) {
  Descriptor manifest{"application/vnd.oci.image.index.v1+json", DigestOf("{}"), 2, {}, {}};
  script_.steps = {{201, {{"docker-content-digest", manifest.digest}}, ""}, {201, {}, ""}};
  Client().PutManifest(manifest, "{}", "v1");
  Client().PutManifest(manifest, "{}", "");
  EXPECT_EQ(script_.seen[0].url, "http://127.0.0.1:5000/v2/app/manifests/v1");
  EXPECT_EQ(script_.seen[0].headers["Content-Type"], manifest.media_type);
  EXPECT_EQ(script_.seen[0].body, "{}");
  EXPECT_EQ(script_.seen[1].url, "http://127.0.0.1:5000/v2/app/manifests/" + manifest.digest);
}

TEST_F(ClientTest, TriesAgainWhenARegistryDoubtsADigest) {
  Descriptor manifest{"application/vnd.oci.image.index.v1+json", DigestOf("{}"), 2, {}, {}};
  Step torn{400, {}, R"({"errors":[{"code":"DIGEST_INVALID","message":"did not match"}]})"};
  script_.steps = {torn, torn, {201, {}, ""}};
  Client().PutManifest(manifest, "{}", "v1");
  EXPECT_EQ(script_.seen.size(), 3u);
  EXPECT_EQ(slept_, (std::vector<long>{500, 1000}));
  script_.seen.clear();
  script_.steps = std::vector<Step>(static_cast<size_t>(retry_.tries), torn);
  EXPECT_NE(Failure([&] { Client().PutManifest(manifest, "{}", "v1"); }), "");
  EXPECT_EQ(script_.seen.size(), script_.steps.size());
}

TEST_F(ClientTest, AManifestWaitsForItsParts) {
  Descriptor manifest{"application/vnd.oci.image.index.v1+json", DigestOf("{}"), 2, {}, {}};
  const Step refusals[] = {{404, {}, R"({"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]})"},
                           {400, {}, R"({"errors":[{"code":"BLOB_UNKNOWN"}]})"},
                           {404, {}, R"({"errors":[{"code":"MANIFEST_UNKNOWN"}]})"},
                           {404, {}, "not found"}};
  for (const Step& refusal : refusals) {
    slept_.clear();
    script_ = {{refusal, refusal, {201, {}, ""}}, {}};
    Client().PutManifest(manifest, "{}", "v1");
    EXPECT_EQ(slept_, (std::vector<long>{500, 1000}));
    script_ = {{refusal, refusal, refusal}, {}};
    EXPECT_NE(Failure([&] { Client().PutManifest(manifest, "{}", "v1"); }), "");
    EXPECT_EQ(kind_, ErrorKind::kMissingPart);
  }
  script_ = {{{404, {}, R"({"errors":[{"code":"NAME_UNKNOWN","message":"create it"}]})"}}, {}};
  EXPECT_NE(Failure([&] { Client().PutManifest(manifest, "{}", "v1"); }).find("create it"),
            std::string::npos);
  EXPECT_EQ(kind_, ErrorKind::kNotFound);
}

// ECR and others refuse a tag that is there already: no failure where it names this very image.
TEST_F(ClientTest, AnImmutableTagMayBeThisImage) {
  Descriptor manifest{"application/vnd.oci.image.index.v1+json", DigestOf("{}"), 2, {}, {}};
  for (int status : {400, 403, 405, 409, 412}) {
    script_ = {{{status, {}, "immutable"}, {200, {}, "{}"}}, {}};
    Client().PutManifest(manifest, "{}", "v1");
    EXPECT_EQ(script_.Methods(), "PUT GET");
    script_ = {{{status, {}, "immutable"}, {200, {}, "{ }"}}, {}};
    EXPECT_NE(Failure([&] { Client().PutManifest(manifest, "{}", "v1"); }).find("immutable"),
              std::string::npos);
  }
}

TEST_F(ClientTest, NoticesAManifestStoredAsAnother) {
  Descriptor manifest{"application/vnd.oci.image.index.v1+json", DigestOf("{}"), 2, {}, {}};
  script_.steps = {{201, {{"docker-content-digest", blob_.digest}}, ""}};
  EXPECT_NE(Failure([&] { Client().PutManifest(manifest, "{}", "v1"); }), "");
}

TEST_F(ClientTest, SendsNoManifestThatNoRegistryNeedTake) {
  const std::string most(kMaxManifest, ' '), more = most + ' ';
  auto put = [&](const std::string& body) {
    script_ = {{{201, {}, ""}}, {}};
    return Failure([&] {
      Client().PutManifest({"", DigestOf(body), body.size(), {}, {}}, body, "v1");
    });
  };
  EXPECT_EQ(put(most), "");
  EXPECT_EQ(put(more),
            "127.0.0.1:5000/app:v1: manifest v1: 4194305 bytes are more than a registry takes");
  EXPECT_TRUE(script_.seen.empty());
}

}  // namespace
}  // namespace kontext
