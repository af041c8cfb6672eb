// What a push was asked for beside its tree: what its image says of itself, and whether an image
// that is there says it already. Pure.
#pragma once

#include <string>
#include <vector>

#include "packer/image_reader.h"
#include "packer/kontext.h"

namespace kontext {

class ImageRequest {
 public:
  // `one_platform`: the destination takes no more. Throws Error(kUsage) for options that no image
  // can have.
  ImageRequest(const PushOptions& options, bool one_platform);

  const std::vector<Platform>& platforms() const { return platforms_; }

  // Of the config. `push`: how many pushes the image has had, this one included.
  StringMap Labels(const Digest& tree, const std::vector<KnownSegment>& segments,
                   uint64_t push) const;
  // Of the index.
  StringMap Annotations(const Digest& tree, size_t segments) const;

  // Is what a tag names the image of this tree that was asked for? By the one document.
  bool IsMetBy(const ImageIndex& index, const Digest& tree) const;
  // By its labels, which outlive what copying does to annotations.
  bool IsMetBy(const KnownImage& image, const Digest& tree) const;

 private:
  std::string DigestOfRest() const;

  const PushOptions& options_;
  std::vector<Platform> platforms_;
};

// How many segments an index says that its image has; 0 when it does not say.
size_t SegmentCount(const ImageIndex& index);

}  // namespace kontext
