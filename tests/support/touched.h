// For what was not found by a walk: every entry is touched.
#pragma once

#include <map>
#include <string_view>

#include "packer/scan/stat_record.h"

namespace kontext {

inline void TouchAll(const RecordedTree& recorded, Walked* walked) {
  std::map<std::string_view, size_t> places;
  for (size_t i = 0; i < recorded.size(); ++i) places[recorded.PathOf(recorded.entry(i))] = i;
  walked->touched.clear();
  for (const IndexEntry& entry : walked->listing.entries()) {
    auto place = places.find(entry.path);
    walked->touched.push_back(
        {walked->touched.size(), place == places.end() ? kNotRecorded : place->second});
  }
}

}  // namespace kontext
