#include "packer/base_cache.h"

#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/fd.h"
#include "packer/cache/summed.h"
#include "packer/hash.h"
#include "packer/pack/unnamed_file.h"

namespace kontext {
namespace {

// The file: the diff ID as text, the layer's bytes, the checksum of packer/cache/summed.h. The
// number goes up with the format, and when a base layer is packed differently.
constexpr std::string_view kFormat = "base layer 1\n";
constexpr size_t kDiffIdSize = Digest::kPrefix.size() + Digest::kHexLength;

std::string KeyOf(const Platform& platform, uint64_t mtime) {
  Hasher hasher;
  hasher.Update(kFormat);
  hasher.Update(&mtime, sizeof(mtime));
  hasher.Update(ExtractorFor(platform));
  return ToHex(hasher.Finish());
}

std::optional<Layer> Recall(const CacheDir& cache, const std::string& key) {
  std::optional<CachedBytes> kept = cache.Read(CacheKind::kManifest, key);
  if (!kept) return std::nullopt;
  std::optional<std::string_view> bytes = ReadSummed(kept->view());
  if (!bytes || bytes->size() < kDiffIdSize) return std::nullopt;
  Layer layer;
  layer.diff_id = bytes->substr(0, kDiffIdSize);
  bytes->remove_prefix(kDiffIdSize);
  layer.descriptor.media_type = kMediaTypeLayerGzip;
  layer.descriptor.digest = DigestOf(*bytes);
  layer.descriptor.size = bytes->size();
  layer.file = OpenUnnamedFile();
  if (!WriteAll(layer.file.get(), bytes->data(), bytes->size())) return std::nullopt;
  return layer;
}

void Keep(const CacheDir& cache, const std::string& key, const Layer& layer) {
  std::string bytes(static_cast<size_t>(layer.descriptor.size), '\0');
  ssize_t n = pread(layer.file.get(), bytes.data(), bytes.size(), 0);
  if (n < 0 || static_cast<size_t>(n) != bytes.size()) return;
  cache.Write(CacheKind::kManifest, key, [&](const CacheDir::Sink& sink) {
    SummedWriter writer(sink);
    writer.Add(layer.diff_id);
    writer.Add(bytes);
    writer.Finish();
  });
}

Layer BaseLayer(const Platform& platform, uint64_t mtime, const CacheDir* cache) {
  if (cache == nullptr) return BuildBaseLayer(platform, mtime);
  std::string key = KeyOf(platform, mtime);
  if (std::optional<Layer> kept = Recall(*cache, key)) return std::move(*kept);
  Layer layer = BuildBaseLayer(platform, mtime);
  Keep(*cache, key, layer);
  return layer;
}

}  // namespace

std::vector<Layer> BaseLayers(const std::vector<Platform>& platforms, uint64_t mtime,
                              const CacheDir* cache) {
  std::vector<Layer> layers;
  layers.reserve(platforms.size());
  for (const Platform& platform : platforms) layers.push_back(BaseLayer(platform, mtime, cache));
  return layers;
}

}  // namespace kontext
