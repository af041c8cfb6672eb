#include "packer/store/uploads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "packer/error.h"
#include "packer/hash.h"
#include "tests/packer/registry/fake_transport.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

constexpr std::chrono::seconds kPatience{20};  // only a program that is wrong takes so long

Descriptor Describe(const std::string& bytes) {
  return {"application/octet-stream", DigestOf(bytes), bytes.size(), {}, {}};
}

class MemoryStore : public Store {
 public:
  std::optional<StoredManifest> GetManifest(const std::string&) override { return std::nullopt; }
  void ReadBlob(const Descriptor&, uint64_t, const BlobSink&) override {}
  bool IsLocal() const override { return false; }
  bool LooksWhole(const Descriptor&) override { return true; }
  bool MountBlob(const Descriptor&, const Reference&) override { return false; }
  void WriteManifest(const Descriptor&, const std::string&, const std::string&) override {}
  bool Remove(const std::string&) override { return false; }
  size_t Parallel() const override { return parallel; }

  void ExpectBlob() noexcept override {
    std::unique_lock<std::mutex> lock(mutex);
    ++expected;
    changed.notify_all();
    changed.wait_for(lock, kPatience, [&] { return expected >= gate; });
  }

  bool WriteBlob(const Descriptor& blob, const BlobSource& source) override {
    {
      std::unique_lock<std::mutex> lock(mutex);
      ++inside;
      most = std::max(most, inside);
      changed.notify_all();
      // Nobody gets on before enough are here, or all have been.
      changed.wait_for(lock, kPatience, [&] { return most >= gate; });
      --inside;
      if (there.count(blob.digest) > 0) return false;
    }
    ResendBlob(blob, source);
    return true;
  }

  void ResendBlob(const Descriptor& blob, const BlobSource& source) override {
    if (blob.digest == broken) throw Error(ErrorKind::kRegistry, "no room");
    std::string bytes = ReadAll(source);
    std::lock_guard<std::mutex> lock(mutex);
    stored[blob.digest] = bytes;
    by.insert(std::this_thread::get_id());
  }

  std::mutex mutex;
  std::condition_variable changed;
  size_t parallel = 6;
  size_t gate = 0;
  size_t inside = 0;
  size_t most = 0;
  size_t expected = 0;
  std::string broken;
  std::set<std::string> there;
  std::set<std::thread::id> by;
  std::map<std::string, std::string> stored;
};

std::string FailureOf(const std::function<void()>& action) {
  try {
    action();
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(UploadsTest, KeepsSeveralUnderWay) {
  MemoryStore store;
  store.gate = 6;
  std::set<std::string> digests;
  {
    Uploads uploads(&store);
    for (int i = 0; i < 40; ++i) {
      std::string bytes = "blob " + std::to_string(i);
      digests.insert(DigestOf(bytes));
      uploads.Add(Describe(bytes), MemoryBlob(bytes));
    }
    uploads.Wait();
    EXPECT_EQ(uploads.sent_bytes(), 10 * 6u + 30 * 7u);
  }
  EXPECT_EQ(store.stored.size(), 40u);
  EXPECT_EQ(store.most, 6u);
  for (const auto& [digest, bytes] : store.stored) {
    EXPECT_EQ(DigestOf(bytes), digest);
    EXPECT_EQ(digests.count(digest), 1u);
  }
}

TEST(UploadsTest, OneAfterTheOtherWhereAStoreTakesNoMore) {
  MemoryStore store;
  store.parallel = 1;
  Uploads uploads(&store);
  for (char c = 'a'; c < 'k'; ++c) uploads.Add(Describe({c}), MemoryBlob({c}));
  uploads.Wait();
  EXPECT_EQ(store.most, 1u);
  EXPECT_EQ(store.stored.size(), 10u);
}

TEST(UploadsTest, ExpectsAsManyAtOnceAsTheStoreTakes) {
  struct Row {
    size_t blobs, expected;
  };
  for (const Row& row : {Row{0, 0}, Row{3, 3}, Row{6, 6}, Row{100, 6}}) {
    SCOPED_TRACE(row.blobs);
    MemoryStore store;
    store.gate = row.expected;
    {
      Uploads uploads(&store);
      uploads.Expect(row.blobs);
      for (char c = 'a'; c < 'k'; ++c) uploads.Add(Describe({c}), MemoryBlob({c}));
      uploads.Wait();
    }
    EXPECT_EQ(store.stored.size(), 10u);
    EXPECT_EQ(store.expected, row.expected);
  }
  MemoryStore store;
  store.gate = 2;
  {
    Uploads uploads(&store);
    uploads.Expect(2);  // and none comes
  }
  EXPECT_EQ(store.expected, 2u);
}

// A thread that is quick does not take the blob that another one is getting ready for.
TEST(UploadsTest, EachThreadThatGetsReadyHasABlobOfItsOwn) {
  for (int round = 0; round < 200; ++round) {
    MemoryStore store;
    Uploads uploads(&store);
    uploads.Expect(3);
    for (char c = 'a'; c < 'd'; ++c) uploads.Add(Describe({c}), MemoryBlob({c}));
    uploads.Wait();
    ASSERT_EQ(store.expected, 3u);
    ASSERT_EQ(store.by.size(), 3u);
  }
}

TEST(UploadsTest, OneFailureEndsAll) {
  Random random;
  for (int round = 0; round < 20; ++round) {
    MemoryStore store;
    auto content = [](size_t i) { return "blob " + std::to_string(i); };
    store.broken = DigestOf(content(random.Below(30)));
    Uploads uploads(&store);
    std::string failure = FailureOf([&] {
      for (size_t i = 0; i < 30; ++i) {
        uploads.Add(Describe(content(i)), MemoryBlob(content(i)));
      }
      uploads.Wait();
    });
    EXPECT_EQ(failure, "no room");
    EXPECT_EQ(FailureOf([&] { uploads.Add(Describe("x"), MemoryBlob("x")); }), "no room");
    EXPECT_EQ(FailureOf([&] { uploads.Wait(); }), "no room");
  }
}

TEST(UploadsTest, SendsAgainWhatWasThere) {
  MemoryStore store;
  store.there = {DigestOf("old")};
  Uploads uploads(&store);
  uploads.Add(Describe("old"), MemoryBlob("old"));
  uploads.Add(Describe("new!"), MemoryBlob("new!"));
  uploads.AddKnown(Describe("known"), MemoryBlob("known"));
  uploads.Wait();
  EXPECT_EQ(uploads.sent_bytes(), 4u);
  EXPECT_EQ(store.stored.size(), 1u);
  store.stored.clear();
  uploads.SendAgain();
  EXPECT_EQ(store.stored.size(), 2u);
  EXPECT_EQ(store.stored[DigestOf("old")], "old");
  EXPECT_EQ(store.stored[DigestOf("known")], "known");
  EXPECT_EQ(uploads.sent_bytes(), 12u);
}

TEST(UploadsTest, TellsHowFarItIs) {
  MemoryStore store;
  store.gate = 2;
  std::vector<std::pair<uint64_t, uint64_t>> told;
  Uploads uploads(&store, [&](uint64_t done, uint64_t total) {
    told.emplace_back(done, total);
    if (total == 30) store.changed.notify_all();
  });
  uploads.Add(Describe(std::string(10, 'a')), MemoryBlob(std::string(10, 'a')));
  uploads.Add(Describe(std::string(20, 'b')), MemoryBlob(std::string(20, 'b')));
  uploads.Wait();
  for (const auto& [done, total] : told) {
    EXPECT_LE(done, total);
    EXPECT_EQ(total, 30u);
  }
}

TEST(UploadsTest, MayBeLeftUnfinished) {
  MemoryStore store;
  Uploads uploads(&store);
  for (int i = 0; i < 5; ++i) uploads.Add(Describe("x"), MemoryBlob("x"));
}

}  // namespace
}  // namespace kontext
