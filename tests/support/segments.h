// Listings and segments made from tree models, and what their merged layers show.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/layout.h"
#include "packer/pack/layer_builder.h"
#include "packer/plan/fold.h"
#include "packer/plan/listing.h"
#include "packer/plan/storable.h"
#include "tests/support/tree_model.h"

namespace kontext {

inline Listing ListingOf(const Tree& tree) {
  Listing listing;
  for (const auto& [path, node] : tree) listing.Add(EntryOf(path, node));
  return listing;
}

inline std::string TextOf(const Listing& listing) {
  std::string text;
  for (const IndexEntry& entry : listing.entries()) text += ListingLineOf(entry);
  return text;
}

// What a runtime shows once it has applied layers: the files below BasePath by their path, the
// objects by their absolute one. Says again, without the packer's code, what FORMAT.md says.
class ShownFiles {
 public:
  void Apply(const SegmentIndex& segment) {
    ForEachLine(segment, [&](const IndexEntry& line) {
      if (line.type == EntryType::kRemoved && line.whiteout) Hide(std::string(line.path));
    });
    ForEachLine(segment, [&](const IndexEntry& line) { Set(line); });
  }

  // Is every file of the listing where it points?
  std::string Missing(const Listing& listing) const {
    for (const IndexEntry& entry : listing.entries()) {
      if (entry.type != EntryType::kFile) continue;
      auto found = shown_.find(entry.at.empty() ? entry.path : entry.at);
      if (found == shown_.end() || found->second != HexOf(entry.sha256)) {
        return std::string(entry.path);
      }
    }
    return "";
  }

 private:
  void Hide(const std::string& path) {
    std::erase_if(
        shown_, [&](const auto& item) { return item.first == path || IsUnder(item.first, path); });
  }

  void Set(const IndexEntry& line) {
    std::string path(line.path);
    if (line.type == EntryType::kObject) {
      shown_[std::string(kObjectsPath) + '/' + HexOf(line.sha256)] = HexOf(line.sha256);
    }
    bool in_layer = line.type == EntryType::kDir || line.type == EntryType::kSymlink ||
                    (line.type == EntryType::kFile && line.at.empty());
    if (!in_layer || !IsStorable(path)) return;
    for (std::string_view dir = ParentOf(path); !dir.empty(); dir = ParentOf(dir)) {
      shown_.erase(std::string(dir));
    }
    if (line.type == EntryType::kDir) {
      shown_.erase(path);
      return;
    }
    Hide(path);
    if (line.type == EntryType::kFile) shown_[path] = HexOf(line.sha256);
  }

  std::map<std::string, std::string, std::less<>> shown_;
};

}  // namespace kontext
