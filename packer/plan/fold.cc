#include "packer/plan/fold.h"

#include "common/listing_merge.h"
#include "packer/error.h"
#include "packer/hash.h"
#include "packer/plan/text_source.h"

namespace kontext {
namespace {

[[noreturn]] void Broken(const SegmentIndex& segment, uint64_t line, const char* problem) {
  throw Error(ErrorKind::kFormat, "segment " + ToString(segment.digest) + ", line " +
                                      std::to_string(line) + ": " + problem);
}

}  // namespace

Listing Fold(std::span<const SegmentIndex> segments) {
  ListingMerge merge;
  std::vector<TextSource> sources;
  sources.reserve(segments.size());
  for (const SegmentIndex& segment : segments) {
    sources.push_back({segment.lines});
    merge.Add({&sources.back(), &TextSource::Read}, segment.digest);
  }
  Listing listing;
  IndexEntry entry;
  size_t segment = 0;
  ReadResult result;
  while ((result = merge.Next(&entry, &segment)) == ReadResult::kEntry) listing.Add(entry);
  if (result == ReadResult::kError) {
    Broken(segments[merge.problem_segment()], merge.problem_line(), merge.problem());
  }
  return listing;
}

}  // namespace kontext
