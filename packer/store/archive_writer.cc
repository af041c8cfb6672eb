#include "packer/store/archive_writer.h"

#include <fmt/format.h>

#include <memory>
#include <utility>
#include <vector>

#include "packer/error.h"
#include "packer/hash.h"
#include "packer/image/image.h"
#include "packer/store/archive_image.h"
#include "packer/store/archive_manifest.h"
#include "packer/store/blob_stream.h"

namespace kontext {
namespace {

constexpr uint64_t kMtime = 315532800;  // 1980, as in layers: the archive is reproducible, too
constexpr uint32_t kMode = 0644;
constexpr char kLayoutFile[] = R"({"imageLayoutVersion":"1.0.0"})";
// What containerd, and with it docker and podman, name an image of a layout by.
constexpr char kContainerdName[] = "io.containerd.image.name";
constexpr char kRefName[] = "org.opencontainers.image.ref.name";

}  // namespace

ArchiveWriter::ArchiveWriter(ByteWriter* out) : tar_(out, kMtime) {
  AddFile("oci-layout", kLayoutFile);
}

void ArchiveWriter::AddFile(const std::string& path, const std::string& content) {
  tar_.AddFile(path, kMode, content);
}

void ArchiveWriter::AddBlob(const Descriptor& blob, const BlobSource& source) {
  if (Has(blob.digest)) return;
  tar_.BeginFile(ArchivedBlobPath(blob.digest), kMode, blob.size);
  CopyBlob(blob, source, [this](std::string_view bytes) { tar_.Write(bytes); });
  tar_.EndFile();
  sizes_[blob.digest] = blob.size;
}

void ArchiveWriter::AddManifest(const Descriptor& manifest, const std::string& body) {
  AddBlob(manifest, *MemoryBlob(body));
  manifests_[manifest.digest] = body;
}

const std::string& ArchiveWriter::BodyOf(const std::string& digest) const {
  auto found = manifests_.find(digest);
  if (found != manifests_.end()) return found->second;
  throw Error(ErrorKind::kMissingPart, digest + " is not there");
}

std::string ArchiveWriter::PlatformManifest(const Descriptor& image) const {
  if (image.media_type != kMediaTypeIndex) return image.digest;
  std::vector<Descriptor> manifests = ReadIndex(BodyOf(image.digest)).manifests;
  if (manifests.size() == 1) return manifests.front().digest;
  throw Error(ErrorKind::kUsage, "an archive holds the image of one platform");
}

std::vector<Descriptor> ArchiveWriter::Missing(const Descriptor& image) const {
  ImageManifest manifest = ReadManifest(BodyOf(PlatformManifest(image)));
  manifest.layers.push_back(manifest.config);
  std::erase_if(manifest.layers, [&](const Descriptor& part) { return Has(part.digest); });
  return manifest.layers;
}

void ArchiveWriter::Finish(const Descriptor& image, const std::string& full_name) {
  ImageIndex index;
  index.manifests.push_back({image.media_type, image.digest, image.size, {}, {}});
  ImageManifest manifest = ReadManifest(BodyOf(PlatformManifest(image)));
  ArchivedImage archived;
  archived.config = ArchivedBlobPath(manifest.config.digest);
  for (const Descriptor& layer : manifest.layers) {
    archived.layers.push_back(ArchivedBlobPath(layer.digest));
  }
  if (!full_name.empty()) {
    archived.names.push_back(full_name);
    index.manifests.front().annotations[kContainerdName] = full_name;
    index.manifests.front().annotations[kRefName] = full_name.substr(full_name.rfind(':') + 1);
  }
  AddFile("index.json", WriteIndexJson(index));
  AddFile("manifest.json", WriteArchiveManifest(archived));
  tar_.Finish();
}

}  // namespace kontext
