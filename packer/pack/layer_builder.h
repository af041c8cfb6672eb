// Builds one segment's layer: its index, whiteouts and what it stores, the head if it is the
// topmost one (FORMAT.md, "Layers").
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "packer/pack/codec.h"
#include "packer/pack/layer.h"
#include "packer/pack/segment_index.h"
#include "packer/plan/delta.h"
#include "packer/plan/entry_lookup.h"
#include "packer/scan/context.h"
#include "packer/scan/quick_hash.h"

namespace kontext {

struct PackOptions {
  Compression compression = Compression::kGzip;
  size_t threads = 1;
  uint64_t mtime = 0;  // of every tar entry, seconds since 1970
  // Of contents that were read before: these are compared with them, the others with their SHA-256.
  const QuickHashes* quick_hashes = nullptr;
};

// Gives the head's text. It is asked for last: the tree digest may take longer to be known.
using MakeHead = std::function<std::string()>;

// `index`: the segment's. `entries`: of the new listing, for the modes of directories that the
// layer only passes through. `head`: empty when the layer has none. Throws Error(kChanged), naming
// the file, when a file's content is not what the listing says any more; then nothing of it has
// left this machine. Otherwise nothing is read any more once it returns.
UnfinishedLayer BuildLayer(const Segment& segment, const IndexId& index, const MakeHead& head,
                           const EntryLookup& entries, const Context& context,
                           const PackOptions& options);

}  // namespace kontext
