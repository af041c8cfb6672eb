#include "packer/publish.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <ctime>

#include "common/layout.h"
#include "packer/base.h"
#include "packer/error.h"
#include "packer/hash.h"

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
  Publisher(Store* store, const ImageParts& parts) : store_(store), parts_(parts) {}

  Published Run(const std::string& tag) {
    ImageIndex index;
    index.annotations = parts_.annotations;
    for (const Platform& platform : parts_.platforms) {
      index.manifests.push_back(WritePlatform(platform));
    }
    std::string body = WriteIndexJson(index);
    Descriptor descriptor = Describe(kMediaTypeIndex, body);
    store_->WriteManifest(descriptor, body, tag);
    result_.uploaded_bytes += descriptor.size;
    result_.digest = descriptor.digest;
    return result_;
  }

 private:
  static Descriptor Describe(const char* media_type, const std::string& body) {
    Descriptor descriptor;
    descriptor.media_type = media_type;
    descriptor.digest = DigestOf(body);
    descriptor.size = body.size();
    return descriptor;
  }

  void WriteBlob(const Descriptor& blob, const BlobSource& source) {
    if (store_->WriteBlob(blob, source)) result_.uploaded_bytes += blob.size;
  }

  ImageConfig ConfigFor(const Platform& platform, const Layer& base) const {
    ImageConfig config;
    config.platform = platform;
    config.created = Rfc3339(parts_.mtime);
    config.entrypoint = {std::string(kExtractorPath)};
    config.working_dir = kWorkspacePath;
    config.labels = parts_.labels;
    config.diff_ids.push_back(base.diff_id);
    config.history.push_back({"kontext base " + ToString(platform), "the extractor"});
    for (const KnownSegment& segment : parts_.segments) {
      config.diff_ids.push_back(segment.diff_id);
      config.history.push_back(segment.history);
    }
    return config;
  }

  Descriptor WritePlatform(const Platform& platform) {
    Layer base = BuildBaseLayer(platform, parts_.mtime);
    WriteBlob(base.descriptor, *FileBlob(base.file.get(), base.descriptor.size));
    std::string config = WriteConfig(ConfigFor(platform, base));
    ImageManifest manifest;
    manifest.config = Describe(kMediaTypeConfig, config);
    WriteBlob(manifest.config, *MemoryBlob(config));
    manifest.layers.push_back(base.descriptor);
    for (const KnownSegment& segment : parts_.segments) manifest.layers.push_back(segment.layer);
    std::string body = WriteManifestJson(manifest);
    Descriptor descriptor = Describe(kMediaTypeManifest, body);
    store_->WriteManifest(descriptor, body, "");
    result_.uploaded_bytes += descriptor.size;
    descriptor.platform = platform;
    return descriptor;
  }

  Store* store_;
  const ImageParts& parts_;
  Published result_;
};

}  // namespace

Published Publish(Store* store, const std::string& tag, const ImageParts& parts) {
  return Publisher(store, parts).Run(tag);
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
