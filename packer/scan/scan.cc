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

Recalled RecallFrom(const ScanOptions& options, const std::string& key, Walked* walked) {
  std::optional<CachedBytes> recorded;
  if (options.cache != nullptr && options.recall) {
    recorded = options.cache->Read(CacheKind::kStat, key);
  }
  return Recall(recorded ? recorded->view() : std::string_view(), walked);
}

}  // namespace

Scan ScanContext(const Context& context, const ScanOptions& options) {
  // Before the walk: what changes from here on is not older.
  int64_t begin = options.now ? options.now() : SystemTime();
  std::string key = context.CacheKey();
  Scanned scanned;
  scanned.walked = context.Walk(options.walk);
  Recalled recalled = RecallFrom(options, key, &scanned.walked);
  if (recalled.whole) {
    return {std::move(scanned.walked.listing), recalled.totals, recalled.tree, 0, {}};
  }
  QuickHashes quick_hashes =
      HashFiles(context, options.walk.threads, recalled.unknown, &scanned.walked);
  scanned.totals = scanned.walked.listing.Totals();
  scanned.tree = scanned.walked.listing.TreeDigest();
  if (options.cache != nullptr) {
    StatRecord record = Record(scanned, begin - kRacyMargin);
    options.cache->Write(CacheKind::kStat, key, {record.fixed, record.text});
  }
  return {std::move(scanned.walked.listing), scanned.totals, scanned.tree, recalled.unknown.size(),
          std::move(quick_hashes)};
}

}  // namespace kontext
