#include "packer/plan/fold.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "common/layout.h"
#include "common/listing_merge.h"
#include "packer/error.h"
#include "packer/hash.h"

namespace kontext {
namespace {

struct TextSource {
  std::string_view rest;

  static ssize_t Read(void* context, char* out, size_t size) {
    auto* self = static_cast<TextSource*>(context);
    size_t n = std::min(size, self->rest.size());
    std::memcpy(out, self->rest.data(), n);
    self->rest.remove_prefix(n);
    return static_cast<ssize_t>(n);
  }
};

[[noreturn]] void Broken(const SegmentIndex& segment, uint64_t line, const char* problem) {
  throw Error(ErrorKind::kFormat, "segment " + ToString(segment.digest) + ", line " +
                                      std::to_string(line) + ": " + problem);
}

// The places that some files point at, and what is shown there so far, from the bottom up.
using Places = std::map<std::string, std::optional<Digest>, std::less<>>;

void HideBelow(Places* places, std::string_view path) {
  std::string below = std::string(path) + '/';
  for (auto it = places->lower_bound(below); it != places->end() && it->first.starts_with(below);
       ++it) {
    it->second.reset();
  }
}

void Show(Places* places, std::string_view place, std::optional<Digest> digest) {
  if (auto it = places->find(place); it != places->end()) it->second = digest;
}

void ApplyLine(Places* places, const IndexEntry& line) {
  switch (line.type) {
    case EntryType::kObject:
      Show(places, std::string(kObjectsPath) + '/' + ToHex(line.sha256), line.sha256);
      return;
    case EntryType::kFile:
      if (!line.at.empty()) return;  // this layer has nothing at the path
      Show(places, line.path, line.sha256);
      HideBelow(places, line.path);
      return;
    case EntryType::kDir:
      Show(places, line.path, std::nullopt);
      return;
    case EntryType::kSymlink:
      Show(places, line.path, std::nullopt);
      HideBelow(places, line.path);
      return;
    case EntryType::kRemoved:
      if (!line.whiteout) return;
      Show(places, line.path, std::nullopt);
      HideBelow(places, line.path);
      return;
  }
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

void ForEachLine(const SegmentIndex& segment,
                 const std::function<void(const IndexEntry& line)>& take) {
  TextSource source{segment.lines};
  IndexReader reader;
  reader.Open({&source, &TextSource::Read});
  IndexEntry line;
  ReadResult result;
  while ((result = reader.Next(&line)) == ReadResult::kEntry) take(line);
  if (result == ReadResult::kError) Broken(segment, reader.line(), reader.problem());
}

std::vector<size_t> FindUnplaced(std::span<const SegmentIndex> segments, const Listing& listing) {
  Places places;
  for (const IndexEntry& entry : listing.entries()) {
    if (!entry.at.empty()) places.emplace(entry.at, std::nullopt);
  }
  std::vector<size_t> unplaced;
  if (places.empty()) return unplaced;
  for (const SegmentIndex& segment : segments) {
    ForEachLine(segment, [&](const IndexEntry& line) { ApplyLine(&places, line); });
  }
  const auto& entries = listing.entries();
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].at.empty()) continue;
    const std::optional<Digest>& shown = places.find(entries[i].at)->second;
    if (!shown || !(*shown == entries[i].sha256)) unplaced.push_back(i);
  }
  return unplaced;
}

}  // namespace kontext
