// Reads what the segments of an image hold, as far as their indexes tell: no content is fetched.
#pragma once

#include <vector>

#include "packer/cache/cache_dir.h"
#include "packer/image_reader.h"
#include "packer/plan/listing.h"
#include "packer/plan/segment_lines.h"
#include "packer/store/store.h"

namespace kontext {

// The indexes of the image's segments, each from the cache or from the beginning of its layer;
// many at once where the store takes that.
// Throws Error(kFormat) or Error(kNotFound) when one is not there or not what its name says.
std::vector<SegmentIndex> ReadIndexes(Store* store, const KnownImage& image,
                                      const CacheDir* cache = nullptr);

// The same as lines: from the cache, or parsed from their indexes. Throws as that does, and
// Error(kFormat) when together they do not give the image's tree.
std::vector<SegmentLines> ReadLines(Store* store, const KnownImage& image, const CacheDir* cache);

// What an image holds, as far as indexes tell.
struct UnpackedImage {
  KnownImage image;
  std::vector<SegmentIndex> indexes;  // of image.segments
  Listing listing;                    // their fold
};

// Reads and folds the indexes of an image. Throws Error(kFormat) or Error(kNotFound) when they do
// not hold together or do not give the tree of its label.
UnpackedImage Unpack(Store* store, KnownImage image, const CacheDir* cache = nullptr);

}  // namespace kontext
