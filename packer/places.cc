#include "packer/places.h"

#include "common/layout.h"
#include "common/path.h"
#include "packer/hash.h"

namespace kontext {
namespace {

void Set(Places* places, std::string_view place, const std::optional<Shown>& shown) {
  if (auto it = places->find(place); it != places->end()) it->second = shown;
}

void HideBelow(Places* places, std::string_view path) {
  std::string below = std::string(path) + '/';
  for (auto it = places->lower_bound(below); it != places->end() && it->first.starts_with(below);
       ++it) {
    it->second.reset();
  }
}

void Apply(Places* places, const IndexEntry& line, size_t segment) {
  Shown shown{line.sha256, line.size, segment};
  switch (line.type) {
    case EntryType::kObject:
      return Set(places, std::string(kObjectsPath) + '/' + ToHex(line.sha256), shown);
    case EntryType::kFile:
      if (!line.at.empty()) return;  // this layer has nothing at the path
      Set(places, line.path, shown);
      return HideBelow(places, line.path);
    case EntryType::kDir:
      return Set(places, line.path, std::nullopt);
    case EntryType::kRemoved:
      if (!line.whiteout) return;
      [[fallthrough]];
    case EntryType::kSymlink:
      Set(places, line.path, std::nullopt);
      return HideBelow(places, line.path);
  }
}

}  // namespace

std::string TarPathOf(std::string_view place) {
  if (place.starts_with('/')) return std::string(place.substr(1));
  return std::string(kBasePath.substr(1)).append("/").append(place);
}

Places FindPlaces(std::span<const SegmentIndex> segments,
                  const std::vector<const IndexEntry*>& files) {
  Places places;
  for (const IndexEntry* file : files) places.emplace(PlaceOf(*file), std::nullopt);
  if (places.empty()) return places;
  for (size_t i = 0; i < segments.size(); ++i) {
    ForEachLine(segments[i], [&](const IndexEntry& line) { Apply(&places, line, i); });
  }
  return places;
}

}  // namespace kontext
