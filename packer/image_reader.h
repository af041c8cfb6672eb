// Reads what an image under a reference holds, without fetching any data layer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "packer/image/image.h"
#include "packer/plan/fold.h"
#include "packer/store/store.h"

namespace kontext {

// One segment of an image as its manifest and labels tell.
struct KnownSegment {
  Digest index;
  Descriptor layer;
  std::string diff_id;
  HistoryLine history;
};

struct KnownImage {
  std::string digest;  // of what the tag names: the index, or a lone manifest
  Digest tree;
  std::vector<KnownSegment> segments;  // bottom to top
  std::vector<Platform> platforms;     // of the index; empty for a lone manifest
  StringMap labels;                    // of the config
  StringMap annotations;               // of the index
};

// From labels only: two or three small documents. Nothing when nothing is under the tag. Throws
// Error(kFormat), saying what is wrong, when something else than a kontext image is there, or one
// of a version that this program does not know.
std::optional<KnownImage> ReadImage(Store* store, const std::string& tag_or_digest);

// What an image holds, as far as indexes tell.
struct UnpackedImage {
  KnownImage image;
  std::vector<SegmentIndex> indexes;  // of image.segments
  Listing listing;                    // their fold
};

// Reads and folds the indexes of an image. Throws Error(kFormat) or Error(kNotFound) when they do
// not hold together or do not give the tree of its label.
UnpackedImage Unpack(Store* store, KnownImage image);

// Throws Error(kFormat), naming the part, when a local store lacks something that the image, or any
// platform's manifest under it, names. A registry takes no image without its parts: it is not
// asked.
void CheckWhole(Store* store, const std::string& digest);

// The indexes of the image's segments, each from the beginning of its layer. Throws Error(kFormat)
// or Error(kNotFound) when one is not there or not what its name says.
std::vector<SegmentIndex> ReadIndexes(Store* store, const KnownImage& image);

}  // namespace kontext
