// From a directory to its complete listing: walk, stat cache, reading what changed, tree digest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "packer/cache/cache_dir.h"
#include "packer/plan/listing.h"
#include "packer/scan/context.h"
#include "packer/scan/quick_hash.h"
#include "packer/scan/walk.h"

namespace kontext {

struct ScanOptions {
  WalkOptions walk;  // its threads read files, too
  // Where the stat cache is; null: every file is read.
  const CacheDir* cache = nullptr;
  // False: read every file and record it anew. For when the cache cannot be right: a file's content
  // turned out not to be what its recorded digest says.
  bool recall = true;
  // Nanoseconds since 1970, on the clock that gives files their times; empty: the system's.
  std::function<int64_t()> now = nullptr;
};

class Scan {
 public:
  Scan() = default;

  ListingTotals totals;
  Digest tree{};
  size_t files_read = 0;
  QuickHashes quick_hashes;  // of the files that were read

  // Of a directory that is as it was recorded it is made when first asked for.
  // By one thread at a time.
  const Listing& listing() const;

 private:
  friend Scan ScanContext(const Context& context, const ScanOptions& options);

  mutable std::optional<Listing> listing_;
  CachedBytes recorded_;
};

// Throws as Context::Walk and HashFiles do; the cache never makes it fail.
Scan ScanContext(const Context& context, const ScanOptions& options);

}  // namespace kontext
