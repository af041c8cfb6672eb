// Listings and segments made from tree models, and what their merged layers show.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/layout.h"
#include "packer/pack/segment_index.h"
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

// A segment's index, as it is read.
inline SegmentIndex IndexOf(const Segment& segment) {
  SegmentIndex index;
  WriteIndex(segment, [&](std::string_view piece) { index.lines += piece; });
  index.digest = Sha(index.lines);
  return index;
}

// A clean image of a listing.
inline SegmentLines LinesOf(const Listing& listing) {
  return SegmentLines::Read(IndexOf(ComputeDelta(Merged({}), listing, false).segment));
}

// What a push on a clean image of `old` adds.
inline Delta DeltaBetween(const Listing& old, const Listing& next, bool mirror = false) {
  SegmentLines lines = LinesOf(old);
  const SegmentLines* segments[] = {&lines};
  return ComputeDelta(Merged(segments), next, mirror);
}

// What a runtime shows once it has applied layers: below BasePath each path's line, and the objects
// by their absolute path. Says again, without the packer's code, what FORMAT.md says.
class ShownPaths {
 public:
  void Apply(const SegmentIndex& segment) {
    ForEachLine(segment, [&](const IndexEntry& line) {
      if (line.type != EntryType::kRemoved || !line.whiteout) return;
      Pass(line.path);
      Hide(std::string(line.path));
    });
    ForEachLine(segment, [&](const IndexEntry& line) { Set(line); });
  }

  // The first file of the listing that is not where it points.
  std::string Missing(const Listing& listing) const {
    for (const IndexEntry& entry : listing.entries()) {
      if (entry.type != EntryType::kFile) continue;
      std::string_view place = entry.at.empty() ? entry.path : entry.at;
      auto found = shown_.find(place);
      bool object = place.starts_with('/') && objects_.count(std::string(place)) > 0;
      bool file = found != shown_.end() && found->second.type == EntryType::kFile &&
                  found->second.text == HexOf(entry.sha256);
      if (!object && !file) return std::string(entry.path);
    }
    return "";
  }

  // All paths with what is there, a line each; modes as the layers have them.
  std::string Text() const {
    std::string text;
    for (const auto& [path, node] : shown_) text += LineFor(path, node);
    return text;
  }

  static std::string LineFor(const std::string& path, const Node& node) {
    return path + " " + std::to_string(static_cast<int>(node.type)) + " " +
           std::to_string(node.mode) + " " + node.text + "\n";
  }

 private:
  void Hide(const std::string& path) {
    std::erase_if(
        shown_, [&](const auto& item) { return item.first == path || IsUnder(item.first, path); });
  }

  // Directories on the way to a path. (That a layer gives them the modes of its own listing does
  // not show here: lines of their own set modes.)
  void Pass(std::string_view path) {
    for (std::string_view dir = ParentOf(path); !dir.empty(); dir = ParentOf(dir)) {
      Node& node = shown_[std::string(dir)];
      if (node.type != EntryType::kDir) node = {EntryType::kDir, 0755, ""};
    }
  }

  void Set(const IndexEntry& line) {
    std::string path(line.path);
    if (line.type == EntryType::kObject) {
      objects_.insert(std::string(kObjectsPath) + '/' + HexOf(line.sha256));
    }
    bool in_layer = line.type == EntryType::kDir || line.type == EntryType::kSymlink ||
                    (line.type == EntryType::kFile && line.at.empty());
    if (!in_layer || !IsStorable(path)) return;
    Pass(path);
    if (line.type != EntryType::kDir) Hide(path);
    std::string text =
        line.type == EntryType::kFile ? HexOf(line.sha256) : std::string(line.target);
    shown_[path] = {line.type, line.mode, text};
  }

  std::map<std::string, Node, PathLess> shown_;
  std::set<std::string> objects_;
};

// ShownPaths::Text of layers that show just this tree, as far as names can be stored.
inline std::string StorableTextOf(const Tree& tree) {
  std::string text;
  for (const auto& [path, node] : tree) {
    if (!IsStorable(path)) continue;
    Node shown = node;
    if (node.type == EntryType::kFile) shown.text = HexOf(Sha(node.text));
    text += ShownPaths::LineFor(path, shown);
  }
  return text;
}

}  // namespace kontext
