#include "packer/segment_reader.h"

#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "packer/document_cache.h"
#include "packer/error.h"
#include "packer/fold_cache.h"
#include "packer/hash.h"
#include "packer/in_parallel.h"
#include "packer/lines_cache.h"
#include "packer/pack/index_part.h"
#include "packer/plan/fold.h"
#include "packer/plan/merged.h"

namespace kontext {
namespace {

// Asked for at first when a layer does not say how long its index part is.
constexpr uint64_t kGuessedIndexSize = 1 << 20;
// An index is mostly small: its round trip is what it costs. As many segments as an image can have
// take three.
constexpr size_t kIndexesAtOnce = 16;

// How much of a layer to read for its index.
uint64_t FirstLimit(const Descriptor& layer) {
  uint64_t size = IndexSizeHint(layer);
  return std::min(size > 0 ? size : kGuessedIndexSize, layer.size);
}

void CheckTree(const KnownImage& image, const Digest& tree) {
  if (tree == image.tree) return;
  throw Error(ErrorKind::kFormat, "its segments do not give the tree of its label");
}

// False: the hint was too small for the index to be in it.
bool TryReadIndex(Store* store, const KnownSegment& segment, uint64_t limit, std::string* lines) {
  IndexPartReader reader(segment.index);
  uint64_t got = 0;
  bool more = true;
  store->ReadBlob(segment.layer, limit, [&](std::string_view bytes) {
    got += bytes.size();
    return more = reader.Feed(bytes);
  });
  if (more && got < segment.layer.size) return false;
  *lines = reader.Take();
  return true;
}

SegmentIndex ReadSegmentIndex(Store* store, const KnownSegment& segment, const CacheDir* cache) {
  SegmentIndex index;
  index.digest = segment.index;
  if (auto known = RecallDocument(cache, CacheKind::kIndex, ToString(segment.index))) {
    index.lines = std::move(*known);
    return index;
  }
  uint64_t limit = FirstLimit(segment.layer);
  while (!TryReadIndex(store, segment, limit, &index.lines)) {
    limit = std::min(limit * 4, segment.layer.size);
  }
  KeepDocument(cache, CacheKind::kIndex, ToString(index.digest), index.lines);
  return index;
}

// But for those that `skip` says yes to; many at once where the store takes that.
std::vector<SegmentIndex> ReadIndexesBut(Store* store, const KnownImage& image,
                                         const CacheDir* cache,
                                         const std::function<bool(size_t)>& skip) {
  std::vector<SegmentIndex> indexes(image.segments.size());
  size_t threads = store->Parallel() > 1 ? std::max(store->Parallel(), kIndexesAtOnce) : 1;
  InParallel(indexes.size(), threads, [&](size_t i) {
    if (!skip(i)) indexes[i] = ReadSegmentIndex(store, image.segments[i], cache);
  });
  return indexes;
}

// Throws Error(kFormat) when the image's segments do not give its tree.
void CheckFold(const KnownImage& image, const std::vector<SegmentLines>& lines,
               const CacheDir* cache) {
  std::vector<Digest> indexes;
  std::vector<const SegmentLines*> segments;
  for (const SegmentLines& segment : lines) {
    indexes.push_back(segment.digest);
    segments.push_back(&segment);
  }
  if (IsKnownFold(cache, indexes, image.tree)) return;
  CheckTree(image, Merged(segments).TreeDigest());
  KeepFold(cache, indexes, image.tree);
}

}  // namespace

std::vector<SegmentIndex> ReadIndexes(Store* store, const KnownImage& image,
                                      const CacheDir* cache) {
  return ReadIndexesBut(store, image, cache, [](size_t) { return false; });
}

std::vector<SegmentLines> ReadLines(Store* store, const KnownImage& image, const CacheDir* cache) {
  const std::vector<KnownSegment>& segments = image.segments;
  const size_t threads = std::max(2U, std::thread::hardware_concurrency());
  std::vector<SegmentLines> lines(segments.size());
  std::vector<char> known(segments.size());
  InParallel(segments.size(), threads, [&](size_t i) {
    auto recalled = RecallLines(cache, segments[i].index);
    known[i] = recalled.has_value();
    if (recalled) lines[i] = std::move(*recalled);
  });
  std::vector<SegmentIndex> indexes =
      ReadIndexesBut(store, image, cache, [&](size_t i) { return known[i] != 0; });
  InParallel(segments.size(), threads, [&](size_t i) {
    if (known[i] != 0) return;
    lines[i] = SegmentLines::Read(indexes[i]);
    std::string().swap(indexes[i].lines);  // a large one's text is as large as its lines
    KeepLines(cache, segments[i].index, lines[i].lines);
  });
  CheckFold(image, lines, cache);
  return lines;
}

UnpackedImage Unpack(Store* store, KnownImage image, const CacheDir* cache) {
  UnpackedImage unpacked{std::move(image), {}, {}};
  unpacked.indexes = ReadIndexes(store, unpacked.image, cache);
  unpacked.listing = Fold(unpacked.indexes);
  CheckTree(unpacked.image, unpacked.listing.TreeDigest());
  return unpacked;
}

}  // namespace kontext
