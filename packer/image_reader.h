// Reads what an image under a reference holds, without fetching any data layer.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "packer/cache/cache_dir.h"
#include "packer/image/image.h"
#include "packer/plan/fold.h"
#include "packer/plan/segment_lines.h"
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

// Keeps a document or an index, with its lines, for the next call that wants it.
void KeepDocument(const CacheDir* cache, const std::string& digest, std::string_view body);
void KeepIndex(const CacheDir* cache, const SegmentIndex& index, std::span<const IndexEntry> lines);

// What an image holds, as far as indexes tell.
struct UnpackedImage {
  KnownImage image;
  std::vector<SegmentIndex> indexes;  // of image.segments
  Listing listing;                    // their fold
};

// Reads and folds the indexes of an image. Throws Error(kFormat) or Error(kNotFound) when they do
// not hold together or do not give the tree of its label.
UnpackedImage Unpack(Store* store, KnownImage image, const CacheDir* cache = nullptr);

// The lines of the image's segments, as ReadIndexes gives them, parsed: from the cache or from
// their indexes. Throws Error(kFormat) or Error(kNotFound) as that does, and when together they do
// not give the image's tree.
std::vector<SegmentLines> ReadLines(Store* store, const KnownImage& image, const CacheDir* cache);

std::vector<Platform> PlatformsOf(const ImageIndex& index);

// Throws Error(kFormat), naming the part, when a local store lacks something that the image, or any
// platform's manifest under it, names. A registry takes no image without its parts: it is not
// asked.
void CheckWhole(Store* store, const std::string& digest);

// The indexes of the image's segments, each from the cache or from the beginning of its layer;
// many at once where the store takes that.
// Throws Error(kFormat) or Error(kNotFound) when one is not there or not what its name says.
std::vector<SegmentIndex> ReadIndexes(Store* store, const KnownImage& image,
                                      const CacheDir* cache = nullptr);

}  // namespace kontext
