// Puts an image together from a base and segments, and writes it: blobs, manifests, tag.
#pragma once

#include <string>
#include <vector>

#include "packer/image_reader.h"
#include "packer/store/store.h"

namespace kontext {

struct ImageParts {
  std::vector<Platform> platforms;
  std::vector<KnownSegment> segments;  // their layers are in the store already
  StringMap labels;                    // of the config, the user's and ours
  StringMap annotations;               // of the index
  uint64_t mtime = 0;
};

struct Published {
  std::string digest;  // of the index
  uint64_t uploaded_bytes = 0;
};

// Writes base layers, configs, manifests and, last, the index under `tag`.
Published Publish(Store* store, const std::string& tag, const ImageParts& parts);

// Seconds since 1970 that every image carries: SOURCE_DATE_EPOCH, else 1980-01-01. Throws
// Error(kUsage) when the variable is no number.
uint64_t FixedTime();

}  // namespace kontext
