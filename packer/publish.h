// Puts an image together from a base and segments, and writes it: blobs, manifests, tag.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "packer/image_reader.h"
#include "packer/pack/layer_builder.h"
#include "packer/store/store.h"
#include "packer/store/uploads.h"

namespace kontext {

struct ImageParts {
  std::vector<Platform> platforms;
  std::vector<KnownSegment> segments;  // not yet with their layers' descriptors, maybe
  StringMap labels;                    // of the config, the user's and ours
  StringMap annotations;               // of the index
  uint64_t mtime = 0;
  // Digest of a base layer that is in the store for certain; may be empty. When it is this
  // program's, so are those of `known_platforms`: one push wrote them together.
  std::string known_base;
  std::vector<Platform> known_platforms;
  // Where in the same registry the base layers may be, to be mounted from there.
  std::optional<Reference> base_elsewhere;
};

struct Published {
  StoredManifest index;
  uint64_t uploaded_bytes = 0;  // with all else that `uploads` has sent
};

// What does not need the layers' descriptors, which are known once the last byte is compressed,
// goes on its way before.
class Publisher {
 public:
  // Begins to write the base layers, which are BaseLayers' for parts.platforms, and the configs.
  Publisher(Uploads* uploads, ImageParts parts, std::vector<Layer> bases);

  // `segments`: those of the parts; their layers are in the store, or on their way. Waits for all
  // of `uploads`, then writes the manifests and, last, the index under `tag`. `cache` keeps what
  // the next push reads; it does so, and calls `meanwhile`, while the uploads are on their way.
  Published Finish(const std::vector<KnownSegment>& segments, const std::string& tag,
                   const CacheDir* cache = nullptr,
                   const std::function<void()>& meanwhile = nullptr);

 private:
  ImageConfig ConfigFor(const Platform& platform, const std::string& base_diff_id) const;
  bool MountBase(const Descriptor& base);
  bool IsKnownBase(const Platform& platform, const Descriptor& base);
  void AddBase(const Platform& platform, Layer* base);
  void AddManifest(size_t platform, const std::vector<KnownSegment>& segments);
  void WriteDocuments(const StoredManifest& index, const std::string& tag) const;
  void WriteDocumentsAgain(const StoredManifest& index, const std::string& tag) const;

  Uploads* uploads_;
  ImageParts parts_;
  bool may_mount_ = true;
  bool knows_base_ = false;
  // By platform.
  std::vector<Descriptor> bases_;
  std::vector<StoredManifest> configs_;
  std::vector<StoredManifest> manifests_;
  ImageIndex index_;
};

// Seconds since 1970 that every image carries: SOURCE_DATE_EPOCH, else 1980-01-01. Throws
// Error(kUsage) when the variable is no number.
uint64_t FixedTime();

}  // namespace kontext
