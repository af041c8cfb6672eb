#include "packer/image_reader.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "common/layout.h"
#include "packer/document_cache.h"
#include "packer/error.h"
#include "packer/hash.h"
#include "packer/pack/layer_builder.h"

namespace kontext {
namespace {

constexpr uint64_t kMaxConfig = 4 << 20;
constexpr uint64_t kMostPushes = uint64_t{1} << 40;  // more is no count of anything

bool IsIndex(const StoredManifest& stored) {
  return stored.descriptor.media_type == kMediaTypeIndex ||
         stored.descriptor.media_type ==
             "application/vnd.docker.distribution.manifest.list.v2+json";
}

std::string ReadManifestBody(Store* store, const std::string& digest, const CacheDir* cache) {
  if (auto known = RecallDocument(cache, CacheKind::kManifest, digest)) return *known;
  std::optional<StoredManifest> stored = store->GetManifest(digest);
  if (!stored) throw Error(ErrorKind::kFormat, "a manifest of its index is missing");
  KeepDocument(cache, CacheKind::kManifest, digest, stored->body);
  return std::move(stored->body);
}

std::string ReadSmallBlob(Store* store, const Descriptor& blob, const CacheDir* cache) {
  if (blob.size > kMaxConfig) throw Error(ErrorKind::kFormat, blob.digest + " is too large");
  if (auto known = RecallDocument(cache, CacheKind::kManifest, blob.digest)) return *known;
  std::string bytes;
  store->ReadBlob(blob, blob.size, [&](std::string_view part) {
    bytes.append(part);
    return bytes.size() <= kMaxConfig;
  });
  KeepDocument(cache, CacheKind::kManifest, blob.digest, bytes);
  return bytes;
}

std::string_view Find(const StringMap& map, const char* name) {
  auto found = map.find(name);
  return found == map.end() ? std::string_view() : found->second;
}

// 0 for what is no number: such hints may be missing or damaged.
uint64_t Number(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

const std::string& Label(const ImageConfig& config, const char* name) {
  auto found = config.labels.find(name);
  if (found == config.labels.end()) {
    throw Error(ErrorKind::kFormat, std::string("it has no label ") + name);
  }
  return found->second;
}

void CheckVersion(const ImageConfig& config) {
  auto version = config.labels.find(kLabelVersion);
  if (version == config.labels.end()) {
    throw Error(ErrorKind::kFormat, "it is no kontext image");
  }
  if (version->second != std::to_string(kFormatVersion)) {
    throw Error(ErrorKind::kFormat, "its format version is '" + version->second +
                                        "', this program knows " + std::to_string(kFormatVersion));
  }
}

std::vector<Digest> SegmentLabels(const ImageConfig& config) {
  std::string_view rest = Label(config, kLabelSegments);
  std::vector<Digest> segments;
  while (!rest.empty()) {
    size_t comma = std::min(rest.find(','), rest.size());
    segments.push_back(DigestFrom(rest.substr(0, comma)));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return segments;
}

// The image's last layers are its segments.
std::vector<KnownSegment> MatchSegments(const ImageManifest& manifest, const ImageConfig& config) {
  std::vector<Digest> indexes = SegmentLabels(config);
  size_t layers = manifest.layers.size();
  if (layers < indexes.size() || config.diff_ids.size() != layers ||
      indexes.size() > kMaxSegments) {
    throw Error(ErrorKind::kFormat, "its layers and its labels do not match");
  }
  std::vector<KnownSegment> segments;
  uint64_t push = 0;
  for (size_t i = 0; i < indexes.size(); ++i) {
    size_t layer = layers - indexes.size() + i;
    KnownSegment& segment = segments.emplace_back();
    segment.index = indexes[i];
    segment.layer = manifest.layers[layer];
    segment.diff_id = config.diff_ids[layer];
    // Said where it is another one than that of the layer below.
    if (segment.layer.annotations.count(kLabelPush) > 0) {
      push = Number(Find(segment.layer.annotations, kLabelPush));
    }
    segment.push = push;
    if (config.history.size() == layers) segment.history = config.history[layer];
  }
  return segments;
}

// One media-type family a tree: what a copy turned into Docker's types is written back as OCI's.
void MakeOci(Descriptor* layer) {
  if (layer->media_type == "application/vnd.docker.image.rootfs.diff.tar.gzip") {
    layer->media_type = kMediaTypeLayerGzip;
  } else if (layer->media_type == "application/vnd.docker.image.rootfs.diff.tar.zstd") {
    layer->media_type = kMediaTypeLayerZstd;
  }
}

}  // namespace

TagDocument ParseTag(StoredManifest stored) {
  TagDocument tag{std::move(stored), std::nullopt};
  if (IsIndex(tag.stored)) tag.index = ReadIndex(tag.stored.body);
  return tag;
}

std::optional<TagDocument> ReadTag(Store* store, const std::string& tag_or_digest) {
  std::optional<StoredManifest> stored = store->GetManifest(tag_or_digest);
  if (!stored) return std::nullopt;
  return ParseTag(std::move(*stored));
}

std::vector<Platform> PlatformsOf(const ImageIndex& index) {
  std::vector<Platform> platforms;
  for (const Descriptor& manifest : index.manifests) {
    platforms.push_back(manifest.platform.value_or(Platform()));
  }
  return platforms;
}

KnownImage ReadImage(Store* store, const TagDocument& tag, const CacheDir* cache) {
  KnownImage image;
  image.digest = tag.stored.descriptor.digest;
  std::string body = tag.stored.body;
  if (tag.index) {
    if (tag.index->manifests.empty()) throw Error(ErrorKind::kFormat, "its index is empty");
    image.platforms = PlatformsOf(*tag.index);
    image.annotations = tag.index->annotations;
    body = ReadManifestBody(store, tag.index->manifests[0].digest, cache);
  }
  ImageManifest manifest = ReadManifest(body);
  for (Descriptor& layer : manifest.layers) MakeOci(&layer);
  ImageConfig config = ReadConfig(ReadSmallBlob(store, manifest.config, cache));
  CheckVersion(config);
  image.tree = DigestFrom(Label(config, kLabelTree));
  image.segments = MatchSegments(manifest, config);
  image.layers = manifest.layers.size();
  if (image.layers > image.segments.size()) image.base = manifest.layers.front().digest;
  image.mirror = Find(config.labels, kLabelMirror) == "true";
  image.push = std::min(Number(Find(config.labels, kLabelPush)), kMostPushes);
  image.labels = config.labels;
  return image;
}

void CheckWhole(Store* store, const std::string& digest) {
  if (!store->IsLocal()) return;
  std::optional<StoredManifest> stored = store->GetManifest(digest);
  if (!stored) throw Error(ErrorKind::kFormat, digest + " is missing");
  if (IsIndex(*stored)) {
    for (const Descriptor& manifest : ReadIndex(stored->body).manifests) {
      CheckWhole(store, manifest.digest);
    }
    return;
  }
  ImageManifest manifest = ReadManifest(stored->body);
  std::vector<Descriptor> parts = manifest.layers;
  parts.push_back(manifest.config);
  for (const Descriptor& part : parts) {
    if (store->LooksWhole(part)) continue;
    throw Error(ErrorKind::kFormat, part.digest + " is missing or damaged");
  }
}

std::string_view PackedSizesHint(const Descriptor& layer) {
  return Find(layer.annotations, kPackedSizesAnnotation);
}

uint64_t IndexSizeHint(const Descriptor& layer) {
  return Number(Find(layer.annotations, kIndexSizeAnnotation));
}

}  // namespace kontext
