#include "packer/scan/scan.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "common/path.h"
#include "packer/memory_hints.h"
#include "packer/scan/file_hasher.h"
#include "packer/scan/stat_cache.h"
#include "packer/scan/stat_changes.h"

namespace kontext {
namespace {

int64_t SystemTime() {
  auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

std::shared_future<Digest> Known(const Digest& tree) {
  std::promise<Digest> promise;
  promise.set_value(tree);
  return promise.get_future().share();
}

// But for their paths.
bool IsSame(const RecordedTree& recorded, const RecordedEntry& record, const IndexEntry& entry) {
  return record.Is(entry.type) && record.mode == entry.mode && record.size == entry.size &&
         std::memcmp(record.sha256, entry.sha256.bytes, Digest::kBytes) == 0 &&
         recorded.TargetOf(record) == entry.target;
}

// With more changes than an eighth of the entries, a plan from them is none that is faster.
size_t MostChanges(size_t entries) { return 1000 + entries / 8; }

// Of all entries, in order. Nothing when they are more than `most`.
std::optional<std::vector<std::string_view>> CompareAll(const RecordedTree& recorded,
                                                        const Listing& listing, size_t most) {
  const std::vector<IndexEntry>& entries = listing.entries();
  std::vector<std::string_view> changes;
  size_t i = 0, j = 0;
  while (changes.size() <= most && (i < recorded.size() || j < entries.size())) {
    RecordedEntry record = i < recorded.size() ? recorded.entry(i) : RecordedEntry{};
    std::string_view path = recorded.PathOf(record);
    int order = i == recorded.size()      ? 1
                : j == entries.size()     ? -1
                : path == entries[j].path ? 0
                                          : ComparePaths(path, entries[j].path);
    if (order < 0) changes.push_back(path);
    if (order > 0 || (order == 0 && !IsSame(recorded, record, entries[j]))) {
      changes.push_back(entries[j].path);
    }
    if (order <= 0) ++i;
    if (order >= 0) ++j;
  }
  if (changes.size() > most) return std::nullopt;
  return changes;
}

// The paths of what differs from what was recorded; nothing when that is too much.
std::optional<std::vector<std::string_view>> FindChanges(const RecordedTree& recorded,
                                                         const Walked& walked) {
  const std::vector<IndexEntry>& entries = walked.listing.entries();
  const size_t most = MostChanges(std::max(recorded.size(), entries.size()));
  if (!HasRecordedPaths(recorded, walked)) return CompareAll(recorded, walked.listing, most);
  std::vector<std::string_view> changes;
  for (const Touched& touched : walked.touched) {
    const IndexEntry& entry = entries[touched.entry];
    if (IsSame(recorded, recorded.entry(touched.recorded), entry)) continue;
    if (changes.size() == most) return std::nullopt;
    changes.push_back(entry.path);
  }
  return changes;
}

// What the cache has of a directory.
struct Recorded {
  CachedBytes bytes;  // may be empty
  RecordedTree tree;  // a look into them
};

// For as long as it is used, by a thread of its own, too.
struct Found {
  Recorded recorded;
  Scanned scanned;
  RecordedListing listing{recorded.tree, scanned.walked};  // when the paths are the recorded ones
  std::promise<Digest> tree;
};

std::string ChangesKey(const std::string& key) { return key + "changes"; }
std::string MarksKey(const std::string& key) { return key + "marks"; }

Recorded ReadRecorded(const CacheDir& cache, const std::string& key) {
  std::optional<CachedBytes> bytes = cache.Read(CacheKind::kStat, key);
  if (!bytes) return {};
  Recorded recorded = {*bytes, RecordedTree(bytes->view())};
  std::optional<CachedBytes> changes = cache.Read(CacheKind::kStat, ChangesKey(key));
  if (changes) ApplyStatChanges(changes->view(), {bytes->data.get(), bytes->size}, &recorded.tree);
  return recorded;
}

// What of a scan goes into the cache.
struct Record {
  const CacheDir* cache;  // null: nothing
  std::string key;
  int64_t trust_before;
  uint64_t sum;                        // of the record that is there
  std::optional<StatChanges> changes;  // since that; nothing: it is written anew
  Digest old_tree;                     // as it was recorded
  size_t same;                         // entries that the listing of that begins with, too

  std::vector<TreeMark> ReadMarks() const {
    std::optional<CachedBytes> bytes;
    if (cache != nullptr && same > 0) bytes = cache->Read(CacheKind::kStat, MarksKey(key));
    if (!bytes) return {};
    return ReadTreeMarks(bytes->view(), old_tree, same);
  }

  void WriteMarks(const std::vector<TreeMark>& marks, const Digest& tree) const {
    if (cache == nullptr) return;
    cache->Write(CacheKind::kStat, MarksKey(key),
                 [&](const CacheDir::Sink& sink) { WriteTreeMarks(marks, tree, sink); });
  }

  void Write(const Found& found) const {
    if (cache == nullptr || (changes && changes->empty())) return;
    if (changes) {
      cache->Write(CacheKind::kStat, ChangesKey(key), [&](const CacheDir::Sink& sink) {
        WriteStatChanges(*changes, sum, found.scanned, sink);
      });
      // Else it would look long unused, and go before what is of no use without it.
      cache->Renew(CacheKind::kStat, key);
    } else if (found.scanned.walked.only_touched) {
      const Scanned& scanned = found.scanned;
      WriteAnew({found.listing.ToWalked(), scanned.totals, scanned.tree, scanned.filter_name});
    } else {
      WriteAnew(found.scanned);
    }
  }

  void WriteAnew(const Scanned& scanned) const {
    cache->Write(CacheKind::kStat, key,
                 [&](const CacheDir::Sink& sink) { WriteStatRecord(scanned, trust_before, sink); });
  }
};

Digest TreeDigestOf(const Found& found, MarkedTreeHasher* hasher) {
  const Walked& walked = found.scanned.walked;
  if (walked.only_touched) return found.listing.TreeDigest(hasher);
  const std::vector<IndexEntry>& entries = walked.listing.entries();
  for (size_t i = hasher->next(); i < entries.size(); ++i) hasher->Add(entries[i]);
  return hasher->Finish();
}

// `known`: the tree digest, when that is the recorded one.
void Finish(Found* found, const std::optional<Digest>& known, size_t entries,
            const Record& record) {
  Scanned& scanned = found->scanned;
  std::optional<MarkedTreeHasher> hasher;
  try {
    if (!known) hasher.emplace(record.ReadMarks(), entries);
    scanned.tree = known ? *known : TreeDigestOf(*found, &*hasher);
  } catch (...) {
    found->tree.set_exception(std::current_exception());
    return;
  }
  found->tree.set_value(scanned.tree);
  record.Write(*found);
  if (hasher) record.WriteMarks(hasher->marks(), scanned.tree);
}

}  // namespace

const Listing& Scan::listing() const {
  if (!listing_) listing_ = std::make_shared<Listing>(recorded_->ToListing());
  return *listing_;
}

const std::vector<std::string_view>* Scan::ChangesSince(const Digest& tree) const {
  return IsSurelyNot(tree) && changes_ ? &*changes_ : nullptr;
}

void Scan::WaitUntilKept() const {
  if (kept_.valid()) kept_.wait();
}

Scan ScanContext(const Context& context, const ScanOptions& options) {
  // Before the walk: what changes from here on is not older.
  int64_t begin = options.now ? options.now() : SystemTime();
  std::string key = context.CacheKey();
  auto found = std::make_shared<Found>();
  if (options.cache != nullptr && options.recall) {
    found->recorded = ReadRecorded(*options.cache, key);
  }
  const RecordedTree& recorded = found->recorded.tree;
  Scan scan;
  Scanned& scanned = found->scanned;
  Walked& walked = scanned.walked;
  if (options.walk.filter_name) scanned.filter_name = *options.walk.filter_name;
  walked = context.Walk(options.walk, recorded);
  Recalled recalled;
  recalled.whole = walked.as_recorded;
  if (!recalled.whole) recalled = Recall(recorded, &walked);
  if (recalled.whole) {
    walked = Walked();
    walked.as_recorded = true;
    scan.totals = recorded.totals();
    scan.tree_ = Known(recorded.tree());
    scan.entries_ = scan.recorded_ = {found, &found->listing};
    return scan;
  }
  scan.quick_hashes = HashFiles(context, options.walk.threads, recalled.unknown, &walked);
  scan.files_read = recalled.unknown.size();
  scan.changes_ = FindChanges(recorded, walked);
  std::optional<Digest> known;
  if (recorded.valid() && scan.changes_ && scan.changes_->empty()) {
    known = recorded.tree();
  } else {
    scan.recorded_tree_ = recorded.tree();
  }
  Record record = {options.cache, key, begin - kRacyMargin, recorded.sum(), {}, {}, 0};
  record.changes = FindStatChanges(recorded, walked, record.trust_before);
  if (walked.only_touched) {
    scanned.totals = found->listing.Totals();
    scan.entries_ = scan.recorded_ = {found, &found->listing};
  } else {
    scanned.totals = walked.listing.Totals();
    // But for the text, which entries point to.
    DropPages(recorded.records().data(), recorded.records().size());
    scan.listing_ = {found, &walked.listing};
    scan.entries_ = std::make_shared<ListingLookup>(walked.listing);
  }
  scan.totals = scanned.totals;
  if (recorded.valid() && scan.changes_ && !scan.changes_->empty()) {
    record.old_tree = recorded.tree();
    record.same = scan.entries_->FirstFrom(scan.changes_->front());
  }
  scan.tree_ = found->tree.get_future().share();
  scan.kept_ = std::async(std::launch::async, [found, known, entries = scan.entries_->size(),
                                               record = std::move(record)] {
                 Finish(found.get(), known, entries, record);
               }).share();
  return scan;
}

}  // namespace kontext
