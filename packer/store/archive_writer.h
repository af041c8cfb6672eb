// Writes an image archive: an OCI image layout in a tar file (image specification 1.1,
// image-layout.md) with the manifest.json of `docker save` beside it, so that docker, podman and
// skopeo load it, and its documents and digests are those that a registry would have.
#pragma once

#include <map>
#include <string>

#include "packer/pack/byte_writer.h"
#include "packer/pack/tar_writer.h"
#include "packer/store/blob_source.h"
#include "packer/store/store.h"

namespace kontext {

// Whatever is called throws Error with the reason only.
class ArchiveWriter {
 public:
  // `out` must outlive it.
  explicit ArchiveWriter(ByteWriter* out);

  bool Has(const std::string& digest) const { return sizes_.count(digest) > 0; }

  // Throws Error(kChanged) when the source is not the blob.
  void AddBlob(const Descriptor& blob, const BlobSource& source);
  void AddManifest(const Descriptor& manifest, const std::string& body);

  // What of the parts of an image, whose manifests are added, is not in the archive yet.
  std::vector<Descriptor> Missing(const Descriptor& image) const;

  // Ends the archive. `image` is the one that it holds: an index of one manifest, or a manifest.
  // `full_name`: "docker.io/library/app:v1"; may be empty.
  void Finish(const Descriptor& image, const std::string& full_name);

 private:
  void AddFile(const std::string& path, const std::string& content);
  const std::string& BodyOf(const std::string& digest) const;
  // The manifest of the one platform.
  std::string PlatformManifest(const Descriptor& image) const;

  TarWriter tar_;
  std::map<std::string, uint64_t> sizes_;         // of what is in it, by digest
  std::map<std::string, std::string> manifests_;  // digest -> body
};

}  // namespace kontext
