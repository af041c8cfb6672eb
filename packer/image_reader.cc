#include "packer/image_reader.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "common/layout.h"
#include "packer/error.h"
#include "packer/hash.h"
#include "packer/in_parallel.h"
#include "packer/lines_cache.h"
#include "packer/pack/index_part.h"
#include "packer/pack/layer_builder.h"
#include "packer/plan/merged.h"

namespace kontext {
namespace {

constexpr uint64_t kMaxConfig = 4 << 20;
constexpr uint64_t kMostPushes = uint64_t{1} << 40;  // more is no count of anything
// Asked for at first when a layer does not say how long its index part is.
constexpr uint64_t kGuessedIndexSize = 1 << 20;
// An index is mostly small: its round trip is what it costs. As many segments as an image can have
// take three.
constexpr size_t kIndexesAtOnce = 16;

bool IsIndex(const StoredManifest& stored) {
  return stored.descriptor.media_type == kMediaTypeIndex ||
         stored.descriptor.media_type ==
             "application/vnd.docker.distribution.manifest.list.v2+json";
}

// The name of a file of the cache; empty for a digest that is none.
std::string KeyOf(std::string_view digest) {
  Digest parsed;
  return ParseDigest(digest, &parsed) ? ToHex(parsed) : std::string();
}

std::optional<std::string> Recall(const CacheDir* cache, CacheKind kind,
                                  const std::string& digest) {
  std::string key = KeyOf(digest);
  if (cache == nullptr || key.empty()) return std::nullopt;
  std::optional<CachedBytes> bytes = cache->Read(kind, key);
  if (!bytes || DigestOf(bytes->view()) != digest) return std::nullopt;
  return std::string(bytes->view());
}

void Keep(const CacheDir* cache, CacheKind kind, const std::string& digest, std::string_view body) {
  std::string key = KeyOf(digest);
  if (cache != nullptr && !key.empty()) cache->Write(kind, key, body);
}

std::string ReadManifestBody(Store* store, const std::string& digest, const CacheDir* cache) {
  if (auto known = Recall(cache, CacheKind::kManifest, digest)) return *known;
  std::optional<StoredManifest> stored = store->GetManifest(digest);
  if (!stored) throw Error(ErrorKind::kFormat, "a manifest of its index is missing");
  KeepDocument(cache, digest, stored->body);
  return std::move(stored->body);
}

std::string ReadSmallBlob(Store* store, const Descriptor& blob, const CacheDir* cache) {
  if (blob.size > kMaxConfig) throw Error(ErrorKind::kFormat, blob.digest + " is too large");
  if (auto known = Recall(cache, CacheKind::kManifest, blob.digest)) return *known;
  std::string bytes;
  store->ReadBlob(blob, blob.size, [&](std::string_view part) {
    bytes.append(part);
    return bytes.size() <= kMaxConfig;
  });
  KeepDocument(cache, blob.digest, bytes);
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
  for (size_t i = 0; i < indexes.size(); ++i) {
    size_t layer = layers - indexes.size() + i;
    KnownSegment& segment = segments.emplace_back();
    segment.index = indexes[i];
    segment.layer = manifest.layers[layer];
    segment.diff_id = config.diff_ids[layer];
    segment.push = Number(Find(segment.layer.annotations, kLabelPush));
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

uint64_t IndexSizeHint(const Descriptor& layer) {
  uint64_t size = Number(Find(layer.annotations, kIndexSizeAnnotation));
  return std::min(size > 0 ? size : kGuessedIndexSize, layer.size);
}

void CheckTree(const KnownImage& image, const Digest& tree) {
  if (tree == image.tree) return;
  throw Error(ErrorKind::kFormat, "its segments do not give the tree of its label");
}

void KeepText(const CacheDir* cache, const SegmentIndex& index) {
  Keep(cache, CacheKind::kIndex, ToString(index.digest), index.lines);
}

// False: the hint was too small for the index to be in it.
bool TryReadIndex(Store* store, const KnownSegment& segment, uint64_t limit, std::string* lines) {
  IndexPartReader reader(segment.index);
  uint64_t got = 0;
  bool more = true;
  store->ReadBlob(segment.layer, limit, [&](std::string_view bytes) {
    got += bytes.size();
    return more = reader.Feed(bytes);
  });
  if (more && got < segment.layer.size) return false;
  *lines = reader.Take();
  return true;
}

SegmentIndex ReadSegmentIndex(Store* store, const KnownSegment& segment, const CacheDir* cache) {
  SegmentIndex index;
  index.digest = segment.index;
  if (auto known = Recall(cache, CacheKind::kIndex, ToString(segment.index))) {
    index.lines = std::move(*known);
    return index;
  }
  uint64_t limit = IndexSizeHint(segment.layer);
  while (!TryReadIndex(store, segment, limit, &index.lines)) {
    limit = std::min(limit * 4, segment.layer.size);
  }
  KeepText(cache, index);
  return index;
}

// But for those that `skip` says yes to; many at once where the store takes that.
std::vector<SegmentIndex> ReadIndexesBut(Store* store, const KnownImage& image,
                                         const CacheDir* cache,
                                         const std::function<bool(size_t)>& skip) {
  std::vector<SegmentIndex> indexes(image.segments.size());
  size_t threads = store->Parallel() > 1 ? std::max(store->Parallel(), kIndexesAtOnce) : 1;
  InParallel(indexes.size(), threads, [&](size_t i) {
    if (!skip(i)) indexes[i] = ReadSegmentIndex(store, image.segments[i], cache);
  });
  return indexes;
}

// Throws Error(kFormat) when the image's segments do not give its tree.
void CheckFold(const KnownImage& image, const std::vector<SegmentLines>& lines,
               const CacheDir* cache) {
  std::vector<Digest> indexes;
  std::vector<const SegmentLines*> segments;
  for (const SegmentLines& segment : lines) {
    indexes.push_back(segment.digest);
    segments.push_back(&segment);
  }
  if (IsKnownFold(cache, indexes, image.tree)) return;
  CheckTree(image, Merged(segments).TreeDigest());
  KeepFold(cache, indexes, image.tree);
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

void KeepDocument(const CacheDir* cache, const std::string& digest, std::string_view body) {
  Keep(cache, CacheKind::kManifest, digest, body);
}

void KeepIndex(const CacheDir* cache, const SegmentIndex& index,
               std::span<const IndexEntry> lines) {
  KeepText(cache, index);
  KeepLines(cache, index.digest, lines);
}

std::vector<SegmentIndex> ReadIndexes(Store* store, const KnownImage& image,
                                      const CacheDir* cache) {
  return ReadIndexesBut(store, image, cache, [](size_t) { return false; });
}

std::vector<SegmentLines> ReadLines(Store* store, const KnownImage& image, const CacheDir* cache) {
  const std::vector<KnownSegment>& segments = image.segments;
  const size_t threads = std::max(2U, std::thread::hardware_concurrency());
  std::vector<SegmentLines> lines(segments.size());
  std::vector<char> known(segments.size());
  InParallel(segments.size(), threads, [&](size_t i) {
    auto recalled = RecallLines(cache, segments[i].index);
    known[i] = recalled.has_value();
    if (recalled) lines[i] = std::move(*recalled);
  });
  std::vector<SegmentIndex> indexes =
      ReadIndexesBut(store, image, cache, [&](size_t i) { return known[i] != 0; });
  InParallel(segments.size(), threads, [&](size_t i) {
    if (known[i] != 0) return;
    lines[i] = SegmentLines::Read(indexes[i]);
    std::string().swap(indexes[i].lines);  // a large one's text is as large as its lines
    KeepLines(cache, segments[i].index, lines[i].lines);
  });
  CheckFold(image, lines, cache);
  return lines;
}

UnpackedImage Unpack(Store* store, KnownImage image, const CacheDir* cache) {
  UnpackedImage unpacked{std::move(image), {}, {}};
  unpacked.indexes = ReadIndexes(store, unpacked.image, cache);
  unpacked.listing = Fold(unpacked.indexes);
  CheckTree(unpacked.image, unpacked.listing.TreeDigest());
  return unpacked;
}

}  // namespace kontext
