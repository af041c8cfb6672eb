// In which layer the contents of an image's files are. Pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "packer/plan/fold.h"

namespace kontext {

// What the merged layers show at a place: a content, and the segment whose layer holds it.
struct Shown {
  Digest sha256{};
  uint64_t size = 0;
  size_t segment = 0;
};

// Where a file's content is: its `at`, else its path.
inline std::string_view PlaceOf(const IndexEntry& file) {
  return file.at.empty() ? file.path : file.at;
}

// The name of a place in a layer's tar.
std::string TarPathOf(std::string_view place);

// What the merged layers show at the places of some entries (FORMAT.md, "What merged layers show");
// nothing where they show no file. The views are those of `files`. Throws Error(kFormat).
using Places = std::map<std::string_view, std::optional<Shown>>;
Places FindPlaces(std::span<const SegmentIndex> segments,
                  const std::vector<const IndexEntry*>& files);

}  // namespace kontext
