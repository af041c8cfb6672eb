#include "packer/store/registry_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "packer/error.h"
#include "packer/hash.h"
#include "tests/packer/registry/fake_transport.h"

namespace kontext {
namespace {

class CountingTransport : public FakeTransport {
 public:
  CountingTransport(Script* script, std::atomic<size_t>* answered)
      : FakeTransport(script), answered_(*answered) {}

  Response Send(const Request& request) override {
    Response answer = FakeTransport::Send(request);
    ++answered_;
    return answer;
  }

 private:
  std::atomic<size_t>& answered_;
};

class RegistryStoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> Open() {
    RetryPolicy retry;
    retry.sleep = [](Milliseconds) {};
    return OpenRegistry(ParseReference("localhost:5000/app:v1"), {},
                        std::make_unique<CountingTransport>(&script_, &answered_), retry);
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
  std::atomic<size_t> answered_ = 0;
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

TEST_F(RegistryStoreTest, WhatIsExpectedIsBegunAtOnce) {
  script_.steps = {{202, {{"location", "/up"}}, ""}, {404, {}, ""}, {201, {}, ""}, {404, {}, ""},
                   {202, {{"location", "/up"}}, ""}, {201, {}, ""}};
  std::unique_ptr<Store> store = Open();
  store->Expect(1);
  while (answered_ == 0) std::this_thread::yield();
  EXPECT_TRUE(store->WriteBlob(blob_, *MemoryBlob(bytes_)));
  EXPECT_TRUE(store->WriteBlob(blob_, *MemoryBlob(bytes_)));
  EXPECT_EQ(script_.Methods(), "POST HEAD PUT HEAD POST PUT");
}

TEST_F(RegistryStoreTest, WhatWasExpectedForNothingIsTakenBack) {
  script_.steps = {{202, {{"location", "/up?_state=1"}}, ""}, {200, {}, ""}, {204, {}, ""}};
  std::unique_ptr<Store> store = Open();
  store->Expect(1);
  while (answered_ == 0) std::this_thread::yield();
  EXPECT_FALSE(store->WriteBlob(blob_, *MemoryBlob(bytes_)));
  store.reset();
  EXPECT_EQ(script_.Methods(), "POST HEAD DELETE");
  EXPECT_EQ(script_.seen.back().url, "http://localhost:5000/up?_state=1");
}

TEST_F(RegistryStoreTest, ABeginningThatIsRefusedSaysNothing) {
  script_.steps = {{500, {}, ""}, {404, {}, ""}, {202, {{"location", "/up"}}, ""}, {201, {}, ""}};
  std::unique_ptr<Store> store = Open();
  store->Expect(1);
  while (answered_ == 0) std::this_thread::yield();
  EXPECT_TRUE(store->WriteBlob(blob_, *MemoryBlob(bytes_)));
  store.reset();
  EXPECT_EQ(script_.Methods(), "POST HEAD POST PUT");
}

TEST_F(RegistryStoreTest, AnUploadThatWasForgottenIsBegunAgain) {
  constexpr char kLost[] = R"({"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]})";
  script_.steps = {{202, {{"location", "/up"}}, ""},  {404, {}, ""}, {404, {}, kLost},
                   {202, {{"location", "/new"}}, ""}, {202, {}, ""}, {201, {}, ""}};
  std::unique_ptr<Store> store = Open();
  store->Expect(1);
  while (answered_ == 0) std::this_thread::yield();
  EXPECT_TRUE(store->WriteBlob(blob_, *MemoryBlob(bytes_)));
  EXPECT_EQ(script_.Methods(), "POST HEAD PUT POST PATCH PUT");
}

TEST_F(RegistryStoreTest, SendsWhatIsNotThere) {
  script_.steps = {{404, {}, ""}, {202, {{"location", "/up"}}, ""}, {201, {}, ""}, {200, {}, ""}};
  std::unique_ptr<Store> store = Open();
  EXPECT_TRUE(store->WriteBlob(blob_, *MemoryBlob(bytes_)));
  EXPECT_FALSE(store->WriteBlob(blob_, *MemoryBlob(bytes_)));
  EXPECT_EQ(script_.Methods(), "HEAD POST PUT HEAD");
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
