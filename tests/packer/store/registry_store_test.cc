#include "packer/store/registry_store.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "packer/error.h"
#include "packer/hash.h"
#include "tests/packer/registry/fake_transport.h"

namespace kontext {
namespace {

class RegistryStoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> Open() {
    RetryPolicy retry;
    retry.sleep = [](Milliseconds) {};
    return OpenRegistry(ParseReference("localhost:5000/app:v1"), {},
                        std::make_unique<FakeTransport>(&script_), retry);
  }

  std::string Failure(uint64_t limit) {
    try {
      Open()->ReadBlob(blob_, limit, [](std::string_view) { return true; });
      return {};
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kFormat);
      return error.what();
    }
  }

  Script script_;
  const std::string bytes_ = "0123456789abcdefghij";
  const Descriptor blob_{"application/octet-stream", DigestOf(bytes_), bytes_.size(), {}, {}};
};

TEST_F(RegistryStoreTest, ChecksWhatIsReadToItsEnd) {
  script_.steps = {{200, {}, bytes_}};
  EXPECT_EQ(Failure(0), "");
  std::string flipped = bytes_;
  flipped[3] ^= 1;
  script_ = {{{200, {}, flipped}, {200, {}, flipped}}, {}};  // it is fetched once more
  EXPECT_NE(Failure(0).find("localhost:5000/app:v1: blob " + blob_.digest + ": damaged"),
            std::string::npos);
  // An answer that is too short is taken up; so is each of the two.
  script_ = {std::vector<Step>(4, Step{200, {}, bytes_.substr(0, 12)}), {}};
  EXPECT_NE(Failure(0).find("it ends after 12 of 20 bytes"), std::string::npos);
  script_ = {{{206, {}, flipped.substr(0, 12)}}, {}};
  EXPECT_EQ(Failure(12), "");
}

TEST_F(RegistryStoreTest, SendsWhatIsNotThere) {
  std::string large(100'000, 'x');
  Descriptor blob = {"application/octet-stream", DigestOf(large), large.size(), {}, {}};
  script_.steps = {{404, {}, ""}, {202, {{"location", "/up"}}, ""}, {201, {}, ""}, {200, {}, ""}};
  std::unique_ptr<Store> store = Open();
  EXPECT_TRUE(store->WriteBlob(blob, *MemoryBlob(large)));
  EXPECT_FALSE(store->WriteBlob(blob, *MemoryBlob(large)));
  EXPECT_EQ(script_.Methods(), "HEAD POST PUT HEAD");
}

TEST_F(RegistryStoreTest, WhatIsSmallTakesATripLess) {
  script_.steps = {{202, {{"location", "/up"}}, ""}, {201, {}, ""}, {201, {}, ""}};
  std::unique_ptr<Store> store = Open();
  EXPECT_TRUE(store->WriteBlob(blob_, *MemoryBlob(bytes_)));
  EXPECT_FALSE(store->WriteBlob(blob_, *MemoryBlob(bytes_)));
  EXPECT_EQ(script_.Methods(), "POST PUT POST");
}

TEST_F(RegistryStoreTest, WhatIsExpectedIsSentToAnUploadThatIsBegun) {
  std::string large(100'000, 'x');
  Descriptor blob = {"application/octet-stream", DigestOf(large), large.size(), {}, {}};
  script_.steps = {{202, {{"location", "/up/1"}}, ""},
                   {202, {{"location", "/up/2"}}, ""},
                   {201, {}, ""},
                   {404, {}, ""},
                   {201, {}, ""},
                   {202, {{"location", "/up/3"}}, ""},
                   {201, {}, ""}};
  std::unique_ptr<Store> store = Open();
  store->ExpectBlob();
  store->ExpectBlob();
  EXPECT_TRUE(store->WriteBlob(blob_, *MemoryBlob(bytes_)));
  EXPECT_TRUE(store->WriteBlob(blob, *MemoryBlob(large)));
  // No other is begun: it asks, as ever.
  EXPECT_TRUE(store->WriteBlob(blob_, *MemoryBlob(bytes_)));
  EXPECT_EQ(script_.Methods(), "POST POST PUT HEAD PUT POST PUT");
  EXPECT_EQ(script_.seen[0].url, "http://localhost:5000/v2/app/blobs/uploads/");
  EXPECT_NE(script_.seen[2].url.find("/up/2?digest="), std::string::npos);
  EXPECT_NE(script_.seen[4].url.find("/up/1?digest="), std::string::npos);
  EXPECT_NE(script_.seen[5].url.find("?mount="), std::string::npos);
}

// A blob finds out by itself what is wrong.
TEST_F(RegistryStoreTest, NothingDependsOnAnUploadThatWasBegun) {
  const Step failures[] = {{0, {}, ""}, {401, {}, ""}, {503, {}, ""}, {202, {}, ""}};
  for (const Step& failure : failures) {
    SCOPED_TRACE(failure.status);
    script_ = {{failure, {202, {{"location", "/up"}}, ""}, {201, {}, ""}}, {}};
    std::unique_ptr<Store> store = Open();
    store->ExpectBlob();
    EXPECT_TRUE(store->WriteBlob(blob_, *MemoryBlob(bytes_)));
    EXPECT_EQ(script_.Methods(), "POST POST PUT");
  }
  // The registry has lost it meanwhile, lets nobody use it any more, was another, or is busy.
  for (int status : {400, 401, 403, 404, 405, 409, 410, 412, 416, 422, 503}) {
    SCOPED_TRACE(status);
    Step lost = {status, {}, R"({"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]})"};
    Step begun = {202, {{"location", "/up"}}, ""};
    script_ = {{begun, lost, begun, {201, {}, ""}}, {}};
    std::unique_ptr<Store> store = Open();
    store->ExpectBlob();
    EXPECT_TRUE(store->WriteBlob(blob_, *MemoryBlob(bytes_)));
    EXPECT_EQ(script_.Methods(), "POST PUT POST PUT");
  }
}

TEST_F(RegistryStoreTest, WhatWasExpectedInVainIsTakenBack) {
  for (int status : {204, 405, 0}) {
    script_ = {{{202, {{"location", "/up/1"}}, ""}, {status, {}, ""}}, {}};
    std::unique_ptr<Store> store = Open();
    store->ExpectBlob();
    store->ExpectNoMore();
    store->ExpectNoMore();
    EXPECT_EQ(script_.Methods(), "POST DELETE");
    EXPECT_EQ(script_.seen[1].url, "http://localhost:5000/up/1");
  }
}

TEST_F(RegistryStoreTest, FindsTheMediaType) {
  struct Row {
    const char* header;
    const char* body;
    const char* type;
  };
  const Row rows[] = {
      {"text/plain", R"({"mediaType":"a/b"})", "a/b"},
      {"text/plain", R"({"manifests":[]})", kMediaTypeIndex},
      {"text/plain", R"({"layers":[]})", kMediaTypeManifest},
      {"application/x", "not JSON", "application/x"},
  };
  for (const Row& row : rows) {
    script_ = {{{200, {{"content-type", row.header}}, row.body}}, {}};
    EXPECT_EQ(Open()->GetManifest("v1")->descriptor.media_type, row.type);
  }
}

}  // namespace
}  // namespace kontext
