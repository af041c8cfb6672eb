#include "packer/publish.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "packer/base_cache.h"
#include "packer/error.h"
#include "packer/hash.h"
#include "packer/store/registry_store.h"
#include "tests/packer/registry/fake_transport.h"

namespace kontext {
namespace {

constexpr std::chrono::seconds kPatience{20};  // only a program that is wrong takes so long

// A registry in memory for several threads at once. With `rounds`, answers come together as over a
// long way: those of a round when all its requests are there.
struct Registry {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<size_t> rounds;  // how many requests each has; empty: every request is answered
  size_t round = 0;
  size_t waiting = 0;
  size_t inside = 0;
  size_t most_puts = 0, puts = 0;
  bool stuck = false;
  std::vector<std::string> log;  // "METHOD path", in the order of the answers
  std::map<std::string, std::string> blobs;
  std::map<std::string, std::string> manifests;  // by digest or tag
  std::map<std::string, std::string> lies;       // digests of blobs that it says to have
  std::function<Response(const Request&)> refuse;
};

class RegistryTransport : public Transport {
 public:
  explicit RegistryTransport(Registry* registry) : registry_(*registry) {}

  Response Send(const Request& request) override {
    std::unique_lock<std::mutex> lock(registry_.mutex);
    WaitForRound(&lock);
    std::string path = request.url.substr(request.url.find("/v2/"));
    registry_.log.push_back(request.method + " " + path);
    if (registry_.refuse) {
      Response refusal = registry_.refuse(request);
      if (refusal.status != 0) return refusal;
    }
    return Answer(request, path);
  }

 private:
  void WaitForRound(std::unique_lock<std::mutex>* lock) {
    if (registry_.rounds.empty()) return;
    size_t mine = registry_.round;
    if (mine == registry_.rounds.size()) {
      ADD_FAILURE() << "a request more than the rounds have";
      return;
    }
    if (++registry_.waiting == registry_.rounds[mine]) {
      registry_.waiting = 0;
      ++registry_.round;
      registry_.changed.notify_all();
      return;
    }
    bool passed = registry_.changed.wait_for(
        *lock, kPatience, [&] { return registry_.round != mine || registry_.stuck; });
    if (!passed) {
      registry_.stuck = true;
      ADD_FAILURE() << "round " << mine << ": only " << registry_.waiting << " requests at once";
    }
  }

  bool Has(const std::string& digest) const {
    return registry_.blobs.count(digest) + registry_.lies.count(digest) > 0;
  }

  // Is a blob mounted that is there?
  bool HasMounted(const std::string& path) const {
    constexpr std::string_view kMount = "?mount=sha256%3A";
    size_t at = path.find(kMount);
    if (at == std::string::npos) return false;
    EXPECT_TRUE(path.ends_with("&from=app")) << path;
    return Has("sha256:" + path.substr(at + kMount.size(), 64));
  }

  Response Answer(const Request& request, const std::string& path) {
    Response answer{200, {}, "", request.url};
    std::string name = path.substr(path.rfind('/') + 1);
    bool manifest = path.find("/manifests/") != std::string::npos;
    if (request.method == "POST") {
      answer.status = HasMounted(path) ? 201 : 202;
      answer.headers["location"] = "/v2/app/blobs/uploads/1";
    } else if (request.method == "PUT" && manifest) {
      registry_.manifests[name] = ReadAll(*request.body);
      answer.status = 201;
    } else if (request.method == "PUT") {
      std::string bytes = ReadAll(*request.body);
      registry_.blobs[DigestOf(bytes)] = bytes;
      answer.status = 201;
    } else if (manifest) {
      auto found = registry_.manifests.find(name);
      answer.status = found == registry_.manifests.end() ? 404 : 200;
      if (answer.status == 200) answer.body = found->second;
    } else {
      answer.status = Has(name) ? 200 : 404;
    }
    return answer;
  }

  Registry& registry_;
};

class PublishTest : public testing::Test {
 protected:
  PublishTest() {
    parts_.platforms = {ParsePlatform("linux/amd64"), ParsePlatform("linux/arm64")};
    parts_.labels = {{"a", "b"}};
  }

  Published Run() {
    RetryPolicy retry;
    retry.sleep = [](Milliseconds) {};
    std::unique_ptr<Store> store =
        OpenRegistry(ParseReference("localhost:5000/app:v1"), {},
                     std::make_unique<RegistryTransport>(&registry_), retry);
    store->GetManifest("v1");
    Uploads uploads(store.get());
    uploads.Add({"application/octet-stream", DigestOf("layer"), 5, {}, {}}, MemoryBlob("layer"));
    Publisher publisher(&uploads, parts_, BaseLayers(parts_.platforms, parts_.mtime, nullptr));
    return publisher.Finish({}, "v1");
  }

  size_t Count(const std::string& prefix) const {
    return static_cast<size_t>(
        std::count_if(registry_.log.begin(), registry_.log.end(),
                      [&](const std::string& line) { return line.starts_with(prefix); }));
  }

  // Refuses the manifest put number `first` and `more` that follow.
  void RefuseManifests(size_t first, size_t more, int status, const std::string& body) {
    registry_.refuse = [=, seen = size_t{0}](const Request& request) mutable {
      bool manifest = request.url.find("/manifests/") != std::string::npos;
      if (request.method != "PUT" || !manifest) return Response();
      size_t number = seen++;
      if (number < first || number > first + more) return Response();
      return Response{status, {}, body, request.url};
    };
  }

  Registry registry_;
  ImageParts parts_;
};

TEST_F(PublishTest, BlobsThenManifestsThenTheTag) {
  Published published = Run();
  EXPECT_EQ(registry_.manifests.size(), 3u);
  EXPECT_EQ(DigestOf(registry_.manifests["v1"]), published.index.descriptor.digest);
  ASSERT_GE(registry_.log.size(), 3u);
  EXPECT_EQ(registry_.log.back(), "PUT /v2/app/manifests/v1");
  size_t end = registry_.log.size();
  for (size_t i = 0; i < end; ++i) {
    bool manifest = registry_.log[i].starts_with("PUT /v2/app/manifests/sha256:");
    EXPECT_EQ(manifest, i == end - 2 || i == end - 3) << registry_.log[i];
  }
  uint64_t bytes = 0;
  for (const auto& [digest, blob] : registry_.blobs) bytes += blob.size();
  for (const auto& [name, manifest] : registry_.manifests) bytes += manifest.size();
  EXPECT_EQ(published.uploaded_bytes, bytes);
}

// A layer and two configs: the tag, two trips for all blobs at once, one for both manifests, one
// for the index.
TEST_F(PublishTest, FiveRoundTrips) {
  parts_.known_base = BuildBaseLayer(parts_.platforms[0], 0).descriptor.digest;
  parts_.known_platforms = parts_.platforms;
  registry_.rounds = {1, 3, 3, 2, 1};
  Run();
  EXPECT_EQ(registry_.round, 5u);
  EXPECT_EQ(registry_.manifests.size(), 3u);
}

// A base layer that is not known is asked for before.
TEST_F(PublishTest, SixRoundTripsWithABaseLayer) {
  parts_.known_base = BuildBaseLayer(parts_.platforms[0], 0).descriptor.digest;
  registry_.rounds = {1, 4, 4, 1, 2, 1};
  Run();
  EXPECT_EQ(registry_.round, 6u);
  EXPECT_EQ(registry_.manifests.size(), 3u);
}

// A layer and two configs.
TEST_F(PublishTest, BasesOfAnEarlierImageAreNotAskedFor) {
  parts_.known_base = BuildBaseLayer(parts_.platforms[0], 0).descriptor.digest;
  parts_.known_platforms = parts_.platforms;
  Run();
  EXPECT_EQ(Count("HEAD"), 0u);
  EXPECT_EQ(Count("POST"), 3u);
  // They are another version's.
  registry_.log.clear();
  parts_.known_base = DigestOf("an older extractor");
  Run();
  EXPECT_EQ(Count("HEAD"), 2u);
  EXPECT_EQ(Count("PUT /v2/app/blobs/"), 2u) << "all but the bases is there by now";
}

// Which push wrote a layer is said where it is not the one of the layer below.
TEST_F(PublishTest, PushesOfLayers) {
  std::unique_ptr<Store> store =
      OpenRegistry(ParseReference("localhost:5000/app:v1"), {},
                   std::make_unique<RegistryTransport>(&registry_), RetryPolicy());
  Uploads uploads(store.get());
  for (uint64_t push : {1, 1, 0, 0, 3, 3, 7}) {
    KnownSegment segment;
    segment.push = push;
    segment.layer = {kMediaTypeLayerGzip, DigestOf("layer"), 5, {}, {}};
    segment.layer.annotations[kLabelPush] = "9";  // as another version wrote it
    segment.diff_id = DigestOf("layer");
    parts_.segments.push_back(segment);
  }
  Publisher publisher(&uploads, parts_, BaseLayers(parts_.platforms, 0, nullptr));
  publisher.Finish(parts_.segments, "v1");
  ImageIndex index = ReadIndex(registry_.manifests["v1"]);
  ImageManifest first = ReadManifest(registry_.manifests[index.manifests[0].digest]);
  std::string pushes;
  for (const Descriptor& layer : first.layers) {
    auto push = layer.annotations.find(kLabelPush);
    pushes += push == layer.annotations.end() ? "- " : push->second + " ";
  }
  EXPECT_EQ(pushes, "- 1 - 0 - 3 - 7 ");
  ImageManifest second = ReadManifest(registry_.manifests[index.manifests[1].digest]);
  for (const Descriptor& layer : second.layers) EXPECT_TRUE(layer.annotations.empty());
}

TEST_F(PublishTest, SendsAgainWhatARegistryOnlySaysToHave) {
  constexpr char kBody[] = R"({"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob"}]})";
  registry_.lies[DigestOf("layer")] = "";
  parts_.known_base = BuildBaseLayer(parts_.platforms[0], 0).descriptor.digest;
  registry_.refuse = [&](const Request& request) {
    bool manifest = request.url.find("/manifests/") != std::string::npos;
    bool lacks = request.method == "PUT" && manifest && registry_.blobs[DigestOf("layer")].empty();
    return lacks ? Response{404, {}, kBody, request.url} : Response();
  };
  Published published = Run();
  EXPECT_EQ(registry_.blobs[DigestOf("layer")], "layer");
  EXPECT_EQ(registry_.blobs.count(parts_.known_base), 1u);
  EXPECT_EQ(DigestOf(registry_.manifests["v1"]), published.index.descriptor.digest);
  EXPECT_EQ(Count("HEAD"), 1u) << "the other platform's base";
  EXPECT_EQ(registry_.log.back(), "PUT /v2/app/manifests/v1");
}

TEST_F(PublishTest, GivesUpWhereThatDoesNotHelp) {
  RefuseManifests(0, 100, 400, R"({"errors":[{"code":"BLOB_UNKNOWN"}]})");
  try {
    Run();
    ADD_FAILURE() << "published";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("BLOB_UNKNOWN"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("--clean"), std::string::npos);
  }
  // Twice three times, one platform's at least: the other's is not begun after a refusal.
  EXPECT_GE(Count("PUT /v2/app/manifests/"), 6u);
  EXPECT_LE(Count("PUT /v2/app/manifests/"), 12u);
  EXPECT_EQ(Count("PUT /v2/app/manifests/v1"), 0u);
}

TEST_F(PublishTest, AnImmutableTagThatIsThisImage) {
  constexpr char kBody[] = R"({"errors":[{"code":"TAG_INVALID","message":"tag is immutable"}]})";
  Published first = Run();
  RefuseManifests(2, 0, 400, kBody);
  EXPECT_EQ(Run().index.descriptor.digest, first.index.descriptor.digest);
  registry_.manifests["v1"] = "another image";
  RefuseManifests(2, 0, 400, kBody);
  EXPECT_THROW(Run(), Error);
}

}  // namespace
}  // namespace kontext
