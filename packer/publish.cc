#include "packer/publish.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <utility>

#include "common/layout.h"
#include "packer/base.h"
#include "packer/document_cache.h"
#include "packer/error.h"
#include "packer/hash.h"
#include "packer/in_parallel.h"

namespace kontext {
namespace {

// Zip and Python wheels know no earlier time.
constexpr uint64_t k1980 = 315532800;
constexpr uint64_t kLatest = 253402300799;  // 9999-12-31, the last that RFC 3339 can write

std::string Rfc3339(uint64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

// Which push wrote a layer, unless it is the one that wrote the layer below it.
void SetPush(uint64_t push, uint64_t below, Descriptor* layer) {
  layer->annotations.erase(kLabelPush);
  if (push != below) layer->annotations[kLabelPush] = std::to_string(push);
}

}  // namespace

Publisher::Publisher(Uploads* uploads, ImageParts parts, std::vector<Layer> bases)
    : uploads_(uploads), parts_(std::move(parts)) {
  for (size_t i = 0; i < bases.size(); ++i) {
    const Platform& platform = parts_.platforms[i];
    configs_.push_back(
        MakeStored(kMediaTypeConfig, WriteConfig(ConfigFor(platform, bases[i].diff_id))));
    bases_.push_back(bases[i].descriptor);
    AddBase(platform, &bases[i]);
    uploads_->Add(configs_[i].descriptor, MemoryBlob(configs_[i].body));
  }
}

Published Publisher::Finish(const std::vector<KnownSegment>& segments, const std::string& tag,
                            const CacheDir* cache, const std::function<void()>& meanwhile) {
  for (size_t i = 0; i < configs_.size(); ++i) AddManifest(i, segments);
  // Those of the first platform, which is the one that a reader takes.
  for (const StoredManifest* document : {&configs_.front(), &manifests_.front()}) {
    KeepDocument(cache, CacheKind::kManifest, document->descriptor.digest, document->body);
  }
  if (meanwhile) meanwhile();
  uploads_->Wait();
  index_.annotations = parts_.annotations;
  StoredManifest index = MakeStored(kMediaTypeIndex, WriteIndexJson(index_));
  try {
    WriteDocuments(index, tag);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kMissingPart) throw;
    // Some registries say that they have what they have not.
    uploads_->SendAgain();
    WriteDocumentsAgain(index, tag);
  }
  Published result;
  result.uploaded_bytes = uploads_->sent_bytes() + index.descriptor.size;
  for (const StoredManifest& manifest : manifests_) {
    result.uploaded_bytes += manifest.descriptor.size;
  }
  result.index = std::move(index);
  return result;
}

ImageConfig Publisher::ConfigFor(const Platform& platform, const std::string& base_diff_id) const {
  ImageConfig config;
  config.platform = platform;
  config.created = Rfc3339(parts_.mtime);
  config.entrypoint = {std::string(kExtractorPath)};
  config.working_dir = kWorkspacePath;
  config.labels = parts_.labels;
  config.diff_ids.push_back(base_diff_id);
  config.history.push_back({"kontext extractor " + ToString(platform), ""});
  for (const KnownSegment& segment : parts_.segments) {
    config.diff_ids.push_back(segment.diff_id);
    config.history.push_back(segment.history);
  }
  return config;
}

bool Publisher::MountBase(const Descriptor& base) {
  if (!parts_.base_elsewhere || !may_mount_) return false;
  // Where one is not, the others of the same version are not either.
  may_mount_ = uploads_->store()->MountBlob(base, *parts_.base_elsewhere);
  return may_mount_;
}

bool Publisher::IsKnownBase(const Platform& platform, const Descriptor& base) {
  if (base.digest == parts_.known_base) return knows_base_ = true;
  const std::vector<Platform>& known = parts_.known_platforms;
  return knows_base_ && std::find(known.begin(), known.end(), platform) != known.end();
}

void Publisher::AddBase(const Platform& platform, Layer* base) {
  const Descriptor& blob = base->descriptor;
  std::unique_ptr<BlobSource> source = OwnFileBlob(std::move(base->file), blob.size);
  if (IsKnownBase(platform, blob) || MountBase(blob)) {
    uploads_->AddKnown(blob, std::move(source));
  } else {
    uploads_->Add(blob, std::move(source));
  }
}

void Publisher::AddManifest(size_t platform, const std::vector<KnownSegment>& segments) {
  ImageManifest manifest;
  manifest.config = configs_[platform].descriptor;
  manifest.layers.push_back(bases_[platform]);
  uint64_t below = 0;
  for (const KnownSegment& segment : segments) {
    Descriptor& layer = manifest.layers.emplace_back(segment.layer);
    // Every byte is sent with every push: hints are for a reader, who takes the first manifest.
    if (platform > 0) layer.annotations.clear();
    if (platform == 0) SetPush(segment.push, below, &layer);
    below = segment.push;
  }
  manifests_.push_back(MakeStored(kMediaTypeManifest, WriteManifestJson(manifest)));
  index_.manifests.push_back(manifests_.back().descriptor);
  index_.manifests.back().platform = parts_.platforms[platform];
}

// The manifests at once where the store takes that, then the index.
void Publisher::WriteDocuments(const StoredManifest& index, const std::string& tag) const {
  Store* store = uploads_->store();
  InParallel(manifests_.size(), store->Parallel(), [&](size_t i) {
    store->WriteManifest(manifests_[i].descriptor, manifests_[i].body, "");
  });
  store->WriteManifest(index.descriptor, index.body, tag);
}

void Publisher::WriteDocumentsAgain(const StoredManifest& index, const std::string& tag) const {
  try {
    WriteDocuments(index, tag);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kMissingPart) throw;
    throw Error(ErrorKind::kRegistry, std::string(error.what()) +
                                          "; the registry has lost a part of the earlier image: "
                                          "--clean sends all of it");
  }
}

uint64_t FixedTime() {
  const char* set = std::getenv("SOURCE_DATE_EPOCH");
  if (set == nullptr || *set == '\0') return k1980;
  std::string_view text = set;
  uint64_t seconds = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds > kLatest) {
    throw Error(ErrorKind::kUsage,
                "SOURCE_DATE_EPOCH is '" + std::string(text) + "': no number of seconds");
  }
  return seconds;
}

}  // namespace kontext
