// From a directory to its complete listing: walk, stat cache, reading what changed, tree digest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "packer/cache/cache_dir.h"
#include "packer/plan/listing.h"
#include "packer/scan/context.h"
#include "packer/scan/quick_hash.h"
#include "packer/scan/recorded_listing.h"
#include "packer/scan/stat_record.h"
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

// What was found. The tree digest and what the next scan is told are made meanwhile, by another
// thread; the destructor waits for it.
class Scan {
 public:
  Scan() = default;
  Scan(Scan&&) = default;
  Scan& operator=(Scan&&) = default;

  ListingTotals totals;
  size_t files_read = 0;
  QuickHashes quick_hashes;  // of the files that were read

  // Waits until it is known.
  const Digest& tree() const { return tree_.get(); }
  // True: the tree digest is another one, which is known at once. False says nothing.
  bool IsSurelyNot(const Digest& tree) const { return recorded_tree_ == tree; }

  // The paths that are in one only of this listing and the one that the last scan found, or that
  // have another entry in each, in order, if that one has this tree digest and they are few; null:
  // not known. The views are as valid as this is.
  const std::vector<std::string_view>* ChangesSince(const Digest& tree) const;

  // For who needs few of them.
  const EntryLookup& entries() const { return *entries_; }
  // All of them. Of a directory that has the recorded paths it is made when first asked for, by one
  // thread at a time.
  const Listing& listing() const;

  // Waits until the stat cache is written.
  void WaitUntilKept() const;

 private:
  friend Scan ScanContext(const Context& context, const ScanOptions& options);

  std::shared_ptr<const RecordedListing> recorded_;  // null: the paths are others
  mutable std::shared_ptr<const Listing> listing_;
  std::shared_ptr<const EntryLookup> entries_;
  std::optional<Digest> recorded_tree_;  // when what was recorded is not what was found
  std::optional<std::vector<std::string_view>> changes_;  // since then
  std::shared_future<Digest> tree_;
  std::shared_future<void> kept_;  // the last thread's end
};

// Throws as Context::Walk and HashFiles do; the cache never makes it fail. The cache must outlive
// the scan.
Scan ScanContext(const Context& context, const ScanOptions& options);

}  // namespace kontext
