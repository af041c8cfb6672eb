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
  std::vector<KnownSegment> segments;  // their layers are in the store, or on their way
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

// Writes base layers and configs, waits for all of `uploads`, then writes the manifests and, last,
// the index under `tag`. `bases`: of BaseLayers for parts.platforms. `cache` keeps what the
// next push reads; it does so, and calls `meanwhile`, while the uploads are on their way.
Published Publish(Uploads* uploads, const std::string& tag, const ImageParts& parts,
                  std::vector<Layer> bases, const CacheDir* cache = nullptr,
                  const std::function<void()>& meanwhile = nullptr);

// Seconds since 1970 that every image carries: SOURCE_DATE_EPOCH, else 1980-01-01. Throws
// Error(kUsage) when the variable is no number.
uint64_t FixedTime();

}  // namespace kontext
