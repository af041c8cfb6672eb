// Builds one segment's layer: its index, whiteouts and what it stores, the head if it is the
// topmost one (FORMAT.md, "Layers").
#pragma once

#include <functional>
#include <string>

#include "common/fd.h"
#include "packer/image/descriptor.h"
#include "packer/pack/compressed_writer.h"
#include "packer/pack/segment_index.h"
#include "packer/plan/delta.h"
#include "packer/scan/context.h"
#include "packer/scan/quick_hash.h"

namespace kontext {

// On a layer's descriptor: the compressed length of its index part. Only a hint.
inline constexpr char kIndexSizeAnnotation[] = "dev.kontext.index-size";
// What its contents take of it (packer/plan/packed_sizes.h); on few layers. Only a hint, too.
inline constexpr char kPackedSizesAnnotation[] = "dev.kontext.packed-sizes";

struct PackOptions {
  Compression compression = Compression::kGzip;
  size_t threads = 1;
  uint64_t mtime = 0;  // of every tar entry, seconds since 1970
  // Of contents that were read before: these are compared with them, the others with their SHA-256.
  const QuickHashes* quick_hashes = nullptr;
};

struct Layer {
  Descriptor descriptor;
  std::string diff_id;
  UniqueFd file;  // holds the compressed layer from offset 0
};

// Ends the layer that `out` packed with `codec` into `file`.
Layer FinishLayer(UniqueFd file, const Codec& codec, CompressedWriter* out);

// Gives the head's text. It is asked for last: the tree digest may take longer to be known.
using MakeHead = std::function<std::string()>;

// `index`: the segment's. `listing`: the new listing, for the modes of directories that the layer
// only passes through. `head`: empty when the layer has none. Throws Error(kChanged), naming the
// file, when a file's content is not what the listing says any more; then nothing of it has left
// this machine.
Layer BuildLayer(const Segment& segment, const IndexId& index, const MakeHead& head,
                 const Listing& listing, const Context& context, const PackOptions& options);

}  // namespace kontext
