#include "packer/image_reader.h"

#include <algorithm>
#include <charconv>

#include "common/layout.h"
#include "packer/error.h"
#include "packer/hash.h"
#include "packer/pack/index_part.h"
#include "packer/pack/layer_builder.h"

namespace kontext {
namespace {

constexpr uint64_t kMaxConfig = 4 << 20;
// Asked for at first when a layer does not say how long its index part is.
constexpr uint64_t kGuessedIndexSize = 1 << 20;

bool IsIndex(const StoredManifest& stored) {
  return stored.descriptor.media_type == kMediaTypeIndex ||
         stored.descriptor.media_type ==
             "application/vnd.docker.distribution.manifest.list.v2+json";
}

std::string ReadSmallBlob(Store* store, const Descriptor& blob) {
  if (blob.size > kMaxConfig) throw Error(ErrorKind::kFormat, blob.digest + " is too large");
  std::string bytes;
  store->ReadBlob(blob, blob.size, [&](std::string_view part) {
    bytes.append(part);
    return bytes.size() <= kMaxConfig;
  });
  return bytes;
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
    if (config.history.size() == layers) segment.history = config.history[layer];
  }
  return segments;
}

// One media-type family a tree: what a copy turned into Docker's types is written back as OCI's.
void MakeOci(Descriptor* layer) {
  if (layer->media_type == "application/vnd.docker.image.rootfs.diff.tar.gzip") {
    layer->media_type = kMediaTypeLayerGzip;
  }
}

uint64_t IndexSizeHint(const Descriptor& layer) {
  auto found = layer.annotations.find(kIndexSizeAnnotation);
  if (found == layer.annotations.end()) return std::min(layer.size, kGuessedIndexSize);
  uint64_t size = 0;
  const std::string& text = found->second;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return std::min(std::max<uint64_t>(size, 1), layer.size);
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

}  // namespace

std::optional<KnownImage> ReadImage(Store* store, const std::string& tag_or_digest) {
  std::optional<StoredManifest> stored = store->GetManifest(tag_or_digest);
  if (!stored) return std::nullopt;
  KnownImage image;
  image.digest = stored->descriptor.digest;
  if (IsIndex(*stored)) {
    ImageIndex index = ReadIndex(stored->body);
    if (index.manifests.empty()) throw Error(ErrorKind::kFormat, "its index is empty");
    for (const Descriptor& manifest : index.manifests) {
      image.platforms.push_back(manifest.platform.value_or(Platform()));
    }
    image.annotations = index.annotations;
    stored = store->GetManifest(index.manifests[0].digest);
    if (!stored) throw Error(ErrorKind::kFormat, "a manifest of its index is missing");
  }
  ImageManifest manifest = ReadManifest(stored->body);
  for (Descriptor& layer : manifest.layers) MakeOci(&layer);
  ImageConfig config = ReadConfig(ReadSmallBlob(store, manifest.config));
  CheckVersion(config);
  image.tree = DigestFrom(Label(config, kLabelTree));
  image.segments = MatchSegments(manifest, config);
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

std::vector<SegmentIndex> ReadIndexes(Store* store, const KnownImage& image) {
  std::vector<SegmentIndex> indexes;
  for (const KnownSegment& segment : image.segments) {
    SegmentIndex& index = indexes.emplace_back();
    index.digest = segment.index;
    uint64_t limit = IndexSizeHint(segment.layer);
    while (!TryReadIndex(store, segment, limit, &index.lines)) {
      limit = std::min(limit * 4, segment.layer.size);
    }
  }
  return indexes;
}

UnpackedImage Unpack(Store* store, KnownImage image) {
  UnpackedImage unpacked{std::move(image), {}, {}};
  unpacked.indexes = ReadIndexes(store, unpacked.image);
  unpacked.listing = Fold(unpacked.indexes);
  if (!(unpacked.listing.TreeDigest() == unpacked.image.tree)) {
    throw Error(ErrorKind::kFormat, "its segments do not give the tree of its label");
  }
  return unpacked;
}

}  // namespace kontext
