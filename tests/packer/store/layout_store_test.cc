#include "packer/store/layout_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "packer/error.h"
#include "packer/hash.h"
#include "packer/store/layout_index.h"

namespace kontext {
namespace {

namespace fs = std::filesystem;

Descriptor Describe(const std::string& bytes, const char* type = kMediaTypeManifest) {
  return {type, DigestOf(bytes), bytes.size(), {}, {}};
}

class LayoutStoreTest : public testing::Test {
 protected:
  LayoutStoreTest() {
    std::string pattern = fs::temp_directory_path() / "layout_store_test.XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~LayoutStoreTest() override { fs::remove_all(root_); }

  std::unique_ptr<Store> Open() { return OpenLayout(ParseReference("oci:" + Directory()), {}); }
  std::string Directory() const { return root_ / "sub/out"; }
  fs::path BlobPath(const std::string& digest) const {
    return fs::path(Directory()) / "blobs/sha256" / digest.substr(7);
  }

  static std::string Read(Store& store, const Descriptor& blob, uint64_t limit = 0) {
    std::string got;
    store.ReadBlob(blob, limit, [&](std::string_view bytes) {
      got += bytes;
      return true;
    });
    return got;
  }

  template <typename Action>
  ErrorKind KindOf(Action action) {
    try {
      action();
    } catch (const Error& error) {
      message_ = error.what();
      return error.kind();
    }
    ADD_FAILURE() << "no Error";
    return ErrorKind::kUsage;
  }

  std::string Index() const {
    std::ifstream file(Directory() + "/index.json");
    return (std::stringstream() << file.rdbuf()).str();
  }

  fs::path root_;
  std::string message_;
};

TEST_F(LayoutStoreTest, OpeningMakesNothing) {
  std::unique_ptr<Store> store = Open();
  EXPECT_FALSE(store->GetManifest("v1"));
  EXPECT_FALSE(store->GetManifest(DigestOf("x")));
  EXPECT_EQ(KindOf([&] { Read(*store, Describe("x")); }), ErrorKind::kNotFound);
  EXPECT_FALSE(fs::exists(root_ / "sub"));
}

TEST_F(LayoutStoreTest, GivesBackWhatWasWritten) {
  std::unique_ptr<Store> store = Open();
  std::string bytes(1000000, 'x');
  bytes[500000] = 'y';
  Descriptor blob = Describe(bytes);
  EXPECT_TRUE(store->WriteBlob(blob, *MemoryBlob(bytes)));
  EXPECT_FALSE(store->WriteBlob(blob, *MemoryBlob(bytes)));
  EXPECT_EQ(Read(*store, blob), bytes);
  EXPECT_EQ(Read(*store, blob, 10), bytes.substr(0, 10));
  size_t calls = 0;
  store->ReadBlob(blob, 0, [&](std::string_view) { return ++calls > 1; });
  EXPECT_EQ(calls, 1u);
}

TEST_F(LayoutStoreTest, TagsMoveOneByOne) {
  std::unique_ptr<Store> store = Open();
  const std::string one = R"({"layers":[1]})", two = R"({"manifests":[2]})";
  store->WriteManifest(Describe(one), one, "a");
  store->WriteManifest(Describe(two, kMediaTypeIndex), two, "b");
  store->WriteManifest(Describe(two, kMediaTypeIndex), two, "a");
  ASSERT_TRUE(store->GetManifest("a"));
  EXPECT_EQ(store->GetManifest("a")->body, two);
  EXPECT_EQ(store->GetManifest("a")->descriptor.media_type, kMediaTypeIndex);
  EXPECT_EQ(store->GetManifest("b")->descriptor.digest, DigestOf(two));
  EXPECT_EQ(store->GetManifest(DigestOf(one))->descriptor.media_type, kMediaTypeManifest);
  EXPECT_EQ(Index().find(DigestOf(one)), std::string::npos);
  EXPECT_FALSE(store->GetManifest("c"));
}

TEST_F(LayoutStoreTest, AnUntaggedManifestIsOnlyABlob) {
  std::unique_ptr<Store> store = Open();
  store->WriteManifest(Describe("{}"), "{}", "");
  EXPECT_EQ(store->GetManifest(DigestOf("{}"))->body, "{}");
  EXPECT_FALSE(fs::exists(Directory() + "/index.json"));
}

TEST_F(LayoutStoreTest, IsALayoutToOthers) {
  std::unique_ptr<Store> store = Open();
  store->WriteManifest(Describe("{}"), "{}", "v1");
  std::ifstream file(Directory() + "/oci-layout");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(text, R"({"imageLayoutVersion":"1.0.0"})");
  EXPECT_EQ(Index(),
            R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",)"
            R"("manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
            R"("digest":")" +
                DigestOf("{}") +
                R"(","size":2,"annotations":{"org.opencontainers.image.ref.name":"v1"}}]})");
}

TEST_F(LayoutStoreTest, WritersAtOnceLoseNoTag) {
  constexpr int kTags = 50;
  auto write = [&](const std::string& who) {
    std::unique_ptr<Store> store = Open();
    for (int i = 0; i < kTags; ++i) {
      std::string body = R"({"layers":[")" + std::to_string(i) + R"("]})";  // the same for both
      store->WriteManifest(Describe(body), body, who + std::to_string(i));
    }
  };
  std::thread first(write, "a"), second(write, "b");
  first.join();
  second.join();
  std::unique_ptr<Store> store = Open();
  for (int i = 0; i < kTags; ++i) {
    EXPECT_TRUE(store->GetManifest("a" + std::to_string(i)));
    EXPECT_TRUE(store->GetManifest("b" + std::to_string(i)));
  }
  for (const auto& entry : fs::recursive_directory_iterator(Directory())) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".tmp-")) << entry.path();
  }
}

TEST_F(LayoutStoreTest, DamageIsNoticed) {
  std::unique_ptr<Store> store = Open();
  Descriptor blob = Describe("hello");
  store->WriteManifest(blob, "hello", "v1");
  std::ofstream(BlobPath(blob.digest)) << "hellO";
  EXPECT_EQ(KindOf([&] { Read(*store, blob); }), ErrorKind::kFormat);
  EXPECT_NE(message_.find("oci:" + Directory() + ":latest: blob " + blob.digest),
            std::string::npos);
  EXPECT_EQ(Read(*store, blob, 4), "hell");  // not read to the end
  EXPECT_EQ(KindOf([&] { store->GetManifest("v1"); }), ErrorKind::kFormat);
  std::ofstream(BlobPath(blob.digest)) << "hell";
  EXPECT_EQ(KindOf([&] { Read(*store, blob); }), ErrorKind::kFormat);
  fs::remove(BlobPath(blob.digest));
  EXPECT_EQ(KindOf([&] { store->GetManifest("v1"); }), ErrorKind::kNotFound);
}

TEST_F(LayoutStoreTest, AWrongBlobIsNotStored) {
  std::unique_ptr<Store> store = Open();
  Descriptor blob = Describe("hello");
  EXPECT_EQ(KindOf([&] { store->WriteBlob(blob, *MemoryBlob("hellO")); }), ErrorKind::kChanged);
  EXPECT_TRUE(fs::is_empty(fs::path(Directory()) / "blobs/sha256"));
  blob.digest = "sha256:../../../x";
  EXPECT_EQ(KindOf([&] { store->WriteBlob(blob, *MemoryBlob("hello")); }), ErrorKind::kFormat);
  EXPECT_EQ(KindOf([&] { Read(*store, blob); }), ErrorKind::kFormat);
}

TEST_F(LayoutStoreTest, ABrokenIndexIsAnErrorAndStays) {
  std::unique_ptr<Store> store = Open();
  store->WriteManifest(Describe("{}"), "{}", "v1");
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string("{}"),
        std::string(R"({"manifests":[],"a":"\udc00"})"),
        R"({"manifests":)" + std::string(100000, '[')}) {
    std::ofstream(Directory() + "/index.json") << text;
    EXPECT_EQ(KindOf([&] { store->GetManifest("v1"); }), ErrorKind::kIo);
    EXPECT_EQ(KindOf([&] { store->WriteManifest(Describe("{}"), "{}", "v2"); }), ErrorKind::kIo);
    EXPECT_EQ(Index(), text);
  }
}

TEST(LayoutIndexTest, KeepsWhatItDoesNotKnow) {
  const std::string before =
      R"({"schemaVersion":2,"manifests":[{"digest":"x","new":[1]},7],"annotations":{"k":"v"}})";
  std::string after = WithTag(before, Describe("{}"), "v1");
  EXPECT_NE(after.find(R"({"digest":"x","new":[1]},7,)"), std::string::npos) << after;
  EXPECT_NE(after.find(R"("annotations":{"k":"v"})"), std::string::npos);
  EXPECT_EQ(FindTag(after, "v1")->digest, DigestOf("{}"));
}

}  // namespace
}  // namespace kontext
