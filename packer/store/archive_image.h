// The images that an archive holds, as manifests and blobs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "packer/store/archive_manifest.h"
#include "packer/store/store.h"
#include "packer/store/tar_file.h"

namespace kontext {

// Where an archive keeps a blob: that is how an OCI layout has it, too. `digest`: "sha256:<hex>".
std::string ArchivedBlobPath(const std::string& digest);

// An archive is one of two: a whole OCI layout with a manifest.json beside (ours, and that of
// `docker save` since Docker 25), or layers in files of any name, for which documents are made up.
// Every call throws Error(kFormat) or Error(kNotFound) with the reason only.
class ArchiveImages {
 public:
  explicit ArchiveImages(UniqueFd file);

  // The one with the name "docker.io/library/app:v1", or the only one for an empty name. Nothing
  // when no image has the name.
  std::optional<StoredManifest> Find(const std::string& full_name);

  std::optional<StoredManifest> FindDigest(const std::string& digest);

  // Null when it is not there.
  std::unique_ptr<BlobSource> FindBlob(const std::string& digest) const;

  // One image, under one name at most.
  bool HoldsOne() const;

  // True: the one image has this very name, or, for an empty one, none.
  bool IsJust(const std::string& full_name) const;

 private:
  std::optional<StoredManifest> FromLayout();
  StoredManifest MakeUp(const ArchivedImage& image);

  TarFile tar_;
  std::vector<ArchivedImage> images_;
  std::map<std::string, std::string> layers_;  // digest -> member, of images with made up documents
  std::map<std::string, std::string> made_up_;  // digest -> body
};

}  // namespace kontext
