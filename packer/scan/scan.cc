#include "packer/scan/scan.h"

#include <chrono>
#include <utility>

#include "packer/scan/file_hasher.h"
#include "packer/scan/stat_cache.h"

namespace kontext {
namespace {

int64_t SystemTime() {
  auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

}  // namespace

const Listing& Scan::listing() const {
  if (!listing_) listing_ = RecordedTree(recorded_.view()).ToListing();
  return *listing_;
}

Scan ScanContext(const Context& context, const ScanOptions& options) {
  // Before the walk: what changes from here on is not older.
  int64_t begin = options.now ? options.now() : SystemTime();
  std::string key = context.CacheKey();
  std::optional<CachedBytes> bytes;
  if (options.cache != nullptr && options.recall)
    bytes = options.cache->Read(CacheKind::kStat, key);
  RecordedTree recorded(bytes ? bytes->view() : std::string_view());
  Scan scan;
  Scanned scanned;
  if (options.walk.filter_name) scanned.filter_name = *options.walk.filter_name;
  scanned.walked = context.Walk(options.walk, recorded);
  Recalled recalled;
  recalled.whole = scanned.walked.as_recorded;
  if (!recalled.whole) recalled = Recall(recorded, &scanned.walked);
  if (recalled.whole) {
    scan.totals = recorded.totals();
    scan.tree = recorded.tree();
    scan.recorded_ = std::move(*bytes);
    return scan;
  }
  scan.quick_hashes = HashFiles(context, options.walk.threads, recalled.unknown, &scanned.walked);
  scan.files_read = recalled.unknown.size();
  scan.totals = scanned.totals = scanned.walked.listing.Totals();
  scan.tree = scanned.tree = scanned.walked.listing.TreeDigest();
  if (options.cache != nullptr) {
    StatRecord record = Record(scanned, begin - kRacyMargin);
    options.cache->Write(CacheKind::kStat, key, {record.fixed, record.text});
  }
  scan.listing_ = std::move(scanned.walked.listing);
  return scan;
}

}  // namespace kontext
