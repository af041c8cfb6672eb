// Builds one segment's layer: its index, the head if it is the topmost one, whiteouts, and what it
// stores (FORMAT.md, "Layers").
#pragma once

#include <string>

#include "common/fd.h"
#include "packer/image/descriptor.h"
#include "packer/pack/gzip_writer.h"
#include "packer/plan/delta.h"
#include "packer/plan/fold.h"
#include "packer/scan/context.h"

namespace kontext {

// On a layer's descriptor: the compressed length of its index part. Only a hint.
inline constexpr char kIndexSizeAnnotation[] = "dev.kontext.index-size";

struct PackOptions {
  size_t threads = 1;
  uint64_t mtime = 0;  // of every tar entry, seconds since 1970
};

struct Layer {
  Descriptor descriptor;
  std::string diff_id;
  UniqueFd file;  // holds the compressed layer from offset 0
};

// Ends the layer that `gzip` wrote into `file`.
Layer FinishLayer(UniqueFd file, GzipWriter* gzip);

// The index of a segment: its object lines, then its lines.
SegmentIndex WriteIndex(const Segment& segment);

// `listing`: the new listing, for the modes of directories that the layer only passes through.
// `head`: the head's text, or empty. Throws Error(kChanged), naming the file, when a file's content
// is not what the listing says any more; then nothing of it has left this machine.
Layer BuildLayer(const Segment& segment, const SegmentIndex& index, const std::string& head,
                 const Listing& listing, const Context& context, const PackOptions& options);

}  // namespace kontext
