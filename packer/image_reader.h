// Reads what an image under a reference holds, without fetching any data layer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/digest.h"
#include "packer/cache/cache_dir.h"
#include "packer/image/image.h"
#include "packer/store/store.h"

namespace kontext {

// One segment of an image as its manifest and labels tell.
struct KnownSegment {
  Digest index;
  Descriptor layer;
  uint64_t push = 0;  // which push of the image wrote it; 0: not known
  std::string diff_id;
  HistoryLine history;
};

struct KnownImage {
  std::string digest;  // of what the tag names: the index, or a lone manifest
  Digest tree;
  uint64_t push = 0;                   // how many pushes it has had; 0: not known
  std::vector<KnownSegment> segments;  // bottom to top
  size_t layers = 0;                   // with the base
  std::string base;                    // digest of the base layer of the platform that was read
  std::vector<Platform> platforms;     // of the index; empty for a lone manifest
  bool mirror = false;
  StringMap labels;       // of the config
  StringMap annotations;  // of the index
};

// The one document that a tag names.
struct TagDocument {
  StoredManifest stored;
  std::optional<ImageIndex> index;  // what it says, unless it is a lone manifest
};

// Throws Error(kFormat).
TagDocument ParseTag(StoredManifest stored);

// Nothing when nothing is under the tag. Throws Error(kFormat).
std::optional<TagDocument> ReadTag(Store* store, const std::string& tag_or_digest);

// From labels only: one or two more small documents. Throws Error(kFormat), saying what is wrong,
// when something else than a kontext image is there, or one of a version that this program does not
// know.
// `cache`, when there is one, gives and keeps documents by digest.
KnownImage ReadImage(Store* store, const TagDocument& tag, const CacheDir* cache = nullptr);

// What a layer's descriptor tells of its contents (packer/plan/packed_sizes.h); may be empty. A
// view into the descriptor.
std::string_view PackedSizesHint(const Descriptor& layer);
// How long it says that the compressed index part is; 0: it does not.
uint64_t IndexSizeHint(const Descriptor& layer);

std::vector<Platform> PlatformsOf(const ImageIndex& index);

// Throws Error(kFormat), naming the part, when a local store lacks something that the image, or any
// platform's manifest under it, names. A registry takes no image without its parts: it is not
// asked.
void CheckWhole(Store* store, const std::string& digest);

}  // namespace kontext
