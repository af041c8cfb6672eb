#include "packer/store/archive_image.h"

#include <fmt/format.h>

#include <utility>

#include "common/digest.h"
#include "packer/error.h"
#include "packer/hash.h"
#include "packer/image/image.h"
#include "packer/store/manifest_type.h"

namespace kontext {
namespace {

constexpr size_t kMaxDocument = size_t{4} << 20;
constexpr size_t kBuffer = 256 * 1024;

std::string ReadStart(const BlobSource& blob, size_t size) {
  std::string start(size, '\0');
  start.resize(blob.Open(0)->Read(start.data(), size));
  return start;
}

std::string DigestOfBlob(const BlobSource& blob) {
  Hasher hasher;
  auto buffer = std::make_unique<char[]>(kBuffer);
  std::unique_ptr<BlobReader> reader = blob.Open(0);
  while (size_t got = reader->Read(buffer.get(), kBuffer)) hasher.Update(buffer.get(), got);
  return hasher.FinishString();
}

// `diff_id` is the digest of what is not packed.
Descriptor DescribeLayer(const BlobSource& layer, const std::string& diff_id) {
  Descriptor descriptor;
  descriptor.size = layer.size();
  std::string start = ReadStart(layer, 4);
  if (start.starts_with("\x1f\x8b")) {
    descriptor.media_type = kMediaTypeLayerGzip;
  } else if (start == "\x28\xb5\x2f\xfd") {
    descriptor.media_type = kMediaTypeLayerZstd;
  } else {
    descriptor.media_type = kMediaTypeLayerTar;
  }
  bool packed = descriptor.media_type != kMediaTypeLayerTar;
  descriptor.digest = packed ? DigestOfBlob(layer) : diff_id;
  return descriptor;
}

}  // namespace

std::string ArchivedBlobPath(const std::string& digest) {
  return "blobs/sha256/" + ToHex(DigestFrom(digest));
}

ArchiveImages::ArchiveImages(UniqueFd file)
    : tar_(std::move(file)),
      images_(ReadArchiveManifest(tar_.Read("manifest.json", kMaxDocument))) {}

bool ArchiveImages::HoldsOne() const {
  return images_.size() == 1 && images_.front().names.size() <= 1;
}

bool ArchiveImages::IsJust(const std::string& full_name) const {
  if (images_.size() != 1) return false;
  const ArchivedImage& image = images_.front();
  if (full_name.empty()) return image.names.empty();
  return image.names.size() == 1 && HasName(image, full_name);
}

std::optional<StoredManifest> ArchiveImages::Find(const std::string& full_name) {
  if (full_name.empty() && images_.size() > 1) {
    throw Error(ErrorKind::kFormat, "it holds several images: name one, FILE:NAME:TAG");
  }
  for (const ArchivedImage& image : images_) {
    if (!full_name.empty() && !HasName(image, full_name)) continue;
    std::optional<StoredManifest> whole = FromLayout();
    return whole ? whole : MakeUp(image);
  }
  return std::nullopt;
}

// Of several images, which one has which name is not said in one way by all.
std::optional<StoredManifest> ArchiveImages::FromLayout() {
  if (images_.size() != 1 || tar_.Find("index.json") == nullptr) return std::nullopt;
  ImageIndex index = ReadIndex(tar_.Read("index.json", kMaxDocument));
  if (index.manifests.size() != 1) return std::nullopt;
  return FindDigest(index.manifests.front().digest);
}

std::optional<StoredManifest> ArchiveImages::FindDigest(const std::string& digest) {
  if (tar_.Find("index.json") == nullptr && made_up_.empty()) {
    for (const ArchivedImage& image : images_) MakeUp(image);
  }
  auto made_up = made_up_.find(digest);
  std::string path = ArchivedBlobPath(digest);
  if (made_up == made_up_.end() && tar_.Find(path) == nullptr) return std::nullopt;
  std::string body = made_up != made_up_.end() ? made_up->second : tar_.Read(path, kMaxDocument);
  std::string type = ManifestMediaType(body, kMediaTypeManifest);
  StoredManifest stored = MakeStored(type, std::move(body));
  if (stored.descriptor.digest == digest) return stored;
  throw Error(ErrorKind::kFormat,
              fmt::format("damaged: the content of {} is {}", digest, stored.descriptor.digest));
}

std::unique_ptr<BlobSource> ArchiveImages::FindBlob(const std::string& digest) const {
  auto layer = layers_.find(digest);
  return tar_.Find(layer != layers_.end() ? layer->second : ArchivedBlobPath(digest));
}

StoredManifest ArchiveImages::MakeUp(const ArchivedImage& image) {
  std::string text = tar_.Read(image.config, kMaxDocument);
  ImageConfig config = ReadConfig(text);
  if (config.diff_ids.size() != image.layers.size()) {
    throw Error(ErrorKind::kFormat, "its layers and its config do not match");
  }
  ImageManifest manifest;
  manifest.config = MakeStored(kMediaTypeConfig, text).descriptor;
  layers_[manifest.config.digest] = image.config;
  for (size_t i = 0; i < image.layers.size(); ++i) {
    std::unique_ptr<BlobSource> layer = tar_.Find(image.layers[i]);
    if (layer == nullptr) {
      throw Error(ErrorKind::kNotFound, fmt::format("it has no {}", image.layers[i]));
    }
    manifest.layers.push_back(DescribeLayer(*layer, config.diff_ids[i]));
    layers_[manifest.layers.back().digest] = image.layers[i];
  }
  StoredManifest stored = MakeStored(kMediaTypeManifest, WriteManifestJson(manifest));
  made_up_[stored.descriptor.digest] = stored.body;
  return stored;
}

}  // namespace kontext
