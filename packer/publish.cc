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

class Publisher {
 public:
  Publisher(Uploads* uploads, const ImageParts& parts, std::vector<Layer> bases,
            const CacheDir* cache)
      : uploads_(uploads), parts_(parts), bases_(std::move(bases)), cache_(cache) {}

  Published Run(const std::string& tag, const std::function<void()>& meanwhile) {
    for (size_t i = 0; i < bases_.size(); ++i) AddPlatform(parts_.platforms[i], &bases_[i]);
    for (const StoredManifest& document : read_next_) {
      KeepDocument(cache_, CacheKind::kManifest, document.descriptor.digest, document.body);
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

 private:
  ImageConfig ConfigFor(const Platform& platform, const std::string& base_diff_id) const {
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

  bool MountBase(const Descriptor& base) {
    if (!parts_.base_elsewhere || !may_mount_) return false;
    // Where one is not, the others of the same version are not either.
    may_mount_ = uploads_->store()->MountBlob(base, *parts_.base_elsewhere);
    return may_mount_;
  }

  bool IsKnownBase(const Platform& platform, const Descriptor& base) {
    if (base.digest == parts_.known_base) return knows_base_ = true;
    const std::vector<Platform>& known = parts_.known_platforms;
    return knows_base_ && std::find(known.begin(), known.end(), platform) != known.end();
  }

  void AddBase(const Platform& platform, Layer* base) {
    const Descriptor& blob = base->descriptor;
    std::unique_ptr<BlobSource> source = OwnFileBlob(std::move(base->file), blob.size);
    if (IsKnownBase(platform, blob) || MountBase(blob)) {
      uploads_->AddKnown(blob, std::move(source));
    } else {
      uploads_->Add(blob, std::move(source));
    }
  }

  void AddPlatform(const Platform& platform, Layer* base) {
    ImageManifest manifest;
    manifest.layers.push_back(base->descriptor);
    bool first = platform == parts_.platforms.front();  // the one that a reader takes
    for (const KnownSegment& segment : parts_.segments) {
      manifest.layers.push_back(segment.layer);
      // Hints for a reader: every byte is sent with every push.
      if (!first) manifest.layers.back().annotations.clear();
    }
    StoredManifest config =
        MakeStored(kMediaTypeConfig, WriteConfig(ConfigFor(platform, base->diff_id)));
    manifest.config = config.descriptor;
    AddBase(platform, base);
    uploads_->Add(config.descriptor, MemoryBlob(config.body));
    StoredManifest document = MakeStored(kMediaTypeManifest, WriteManifestJson(manifest));
    if (first) read_next_ = {std::move(config), document};
    index_.manifests.push_back(document.descriptor);
    index_.manifests.back().platform = platform;
    manifests_.push_back(std::move(document));
  }

  // The manifests at once where the store takes that, then the index.
  void WriteDocuments(const StoredManifest& index, const std::string& tag) {
    Store* store = uploads_->store();
    InParallel(manifests_.size(), store->Parallel(), [&](size_t i) {
      store->WriteManifest(manifests_[i].descriptor, manifests_[i].body, "");
    });
    store->WriteManifest(index.descriptor, index.body, tag);
  }

  void WriteDocumentsAgain(const StoredManifest& index, const std::string& tag) {
    try {
      WriteDocuments(index, tag);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kMissingPart) throw;
      throw Error(ErrorKind::kRegistry, std::string(error.what()) +
                                            "; the registry has lost a part of the earlier image: "
                                            "--clean sends all of it");
    }
  }

  Uploads* uploads_;
  const ImageParts& parts_;
  std::vector<Layer> bases_;
  const CacheDir* cache_;
  bool may_mount_ = true;
  bool knows_base_ = false;
  ImageIndex index_;
  std::vector<StoredManifest> manifests_;
  std::vector<StoredManifest> read_next_;  // documents that the next push reads
};

}  // namespace

Published Publish(Uploads* uploads, const std::string& tag, const ImageParts& parts,
                  std::vector<Layer> bases, const CacheDir* cache,
                  const std::function<void()>& meanwhile) {
  return Publisher(uploads, parts, std::move(bases), cache).Run(tag, meanwhile);
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
