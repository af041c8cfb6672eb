#include "packer/store/daemon_store.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "common/digest.h"
#include "common/fd.h"
#include "packer/error.h"
#include "packer/hash.h"
#include "packer/image/image.h"
#include "packer/pack/unnamed_file.h"
#include "packer/store/archive_image.h"
#include "packer/store/archive_output.h"
#include "packer/store/archive_writer.h"
#include "packer/store/blob_stream.h"
#include "packer/store/daemon_client.h"
#include "packer/store/subject.h"

namespace kontext {
namespace {

class DaemonStore : public Store {
 public:
  DaemonStore(const Reference& reference, const StoreOptions& options)
      : name_(reference.ToString()),
        image_name_(reference.digest.empty() ? reference.repository + ":" + reference.tag
                                             : reference.digest),
        writes_(options.writes),
        client_(options) {}

  std::optional<StoredManifest> GetManifest(const std::string& tag_or_digest) override {
    return WithSubject(name_, [&]() -> std::optional<StoredManifest> {
      auto known = documents_.find(tag_or_digest);
      if (known != documents_.end()) return known->second;
      std::optional<DaemonImage> image = client_.Inspect(image_name_);
      if (!image) return std::nullopt;
      if (writes_) return MakeUp(*image);
      UniqueFd file = OpenUnnamedFile();
      client_.Save(image_name_, file.get());
      saved_ = std::make_unique<ArchiveImages>(std::move(file));
      std::optional<StoredManifest> found = saved_->Find("");
      if (found) Keep(*found, image->id);
      return found;
    });
  }

  void ReadBlob(const Descriptor& blob, uint64_t limit, const BlobSink& sink) override {
    std::unique_ptr<BlobSource> source = FindBlob(blob.digest);
    if (source == nullptr) {
      throw Error(ErrorKind::kNotFound,
                  fmt::format("{}: blob {}: the daemon does not give it", name_, blob.digest));
    }
    StreamBlob(name_, blob, *source, limit, sink);
  }

  bool IsLocal() const override { return true; }
  bool OnePlatform() const override { return true; }
  bool CanBeBuiltOn() const override { return !writes_; }
  bool LooksWhole(const Descriptor&) override { return true; }
  bool MountBlob(const Descriptor&, const Reference&) override { return false; }

  bool WriteBlob(const Descriptor& blob, const BlobSource& source) override {
    return WithSubject(fmt::format("{}: blob {}", name_, blob.digest), [&] {
      if (Writer().Has(blob.digest)) return false;
      Writer().AddBlob(blob, source);
      return true;
    });
  }

  void WriteManifest(const Descriptor& manifest, const std::string& body,
                     const std::string& tag) override {
    WithSubject(name_, [&] {
      Writer().AddManifest(manifest, body);
      if (tag.empty()) return;
      Writer().Finish(manifest, image_name_);
      output_->Commit();
      Restart();
      std::optional<DaemonImage> image = client_.Inspect(image_name_);
      if (!image) throw Error(ErrorKind::kRegistry, "the daemon has loaded it and lost it");
      ids_[manifest.digest] = image->id;
    });
  }

  bool Remove(const std::string&) override {
    return WithSubject(name_, [&] { return client_.Remove(image_name_); });
  }

  void Restart() override {
    writer_.reset();
    output_.reset();
  }

  std::string KnownAs(const std::string& digest) const override {
    auto id = ids_.find(digest);
    return id == ids_.end() ? digest : id->second;
  }

 private:
  ArchiveWriter& Writer() {
    if (writer_ != nullptr) return *writer_;
    output_ = Spool([this](int fd, uint64_t size) { client_.Load(*FileBlob(fd, size)); });
    writer_ = std::make_unique<ArchiveWriter>(output_.get());
    return *writer_;
  }

  std::unique_ptr<BlobSource> FindBlob(const std::string& digest) const {
    if (saved_ != nullptr) return WithSubject(name_, [&] { return saved_->FindBlob(digest); });
    auto document = documents_.find(digest);
    return document == documents_.end() ? nullptr : MemoryBlob(document->second.body);
  }

  const StoredManifest& Keep(StoredManifest stored, const std::string& id) {
    std::string digest = stored.descriptor.digest;
    ids_[digest] = id;
    return documents_[digest] = std::move(stored);
  }

  // The documents of an image as far as the daemon tells of it: enough to see whether it is the
  // one that is to be pushed.
  StoredManifest MakeUp(const DaemonImage& image) {
    ImageManifest manifest;
    manifest.config =
        Keep(MakeStored(kMediaTypeConfig, WriteConfig(image.config)), image.id).descriptor;
    for (const std::string& diff_id : image.config.diff_ids) {
      manifest.layers.push_back({kMediaTypeLayerTar, diff_id, 0, {}, {}});
    }
    ImageIndex index;
    index.manifests.push_back(
        Keep(MakeStored(kMediaTypeManifest, WriteManifestJson(manifest)), image.id).descriptor);
    index.manifests.back().platform = image.config.platform;
    return Keep(MakeStored(kMediaTypeIndex, WriteIndexJson(index)), image.id);
  }

  std::string name_;
  std::string image_name_;  // "docker.io/library/app:v1", or an image ID
  bool writes_;
  DaemonClient client_;
  std::map<std::string, StoredManifest> documents_;  // by digest
  std::map<std::string, std::string> ids_;           // image IDs, by digest
  std::unique_ptr<ArchiveImages> saved_;
  std::unique_ptr<ArchiveOutput> output_;
  std::unique_ptr<ArchiveWriter> writer_;
};

}  // namespace

std::unique_ptr<Store> OpenDaemon(const Reference& reference, const StoreOptions& options) {
  return WithSubject(reference.ToString(),
                     [&] { return std::make_unique<DaemonStore>(reference, options); });
}

}  // namespace kontext
