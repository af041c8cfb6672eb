#include "packer/pack/layer_items.h"

#include <algorithm>

#include "common/path.h"
#include "packer/plan/storable.h"

namespace kontext {
namespace {

// A NUL is in no path and sorts right after '/'.
std::string WhiteoutKey(std::string_view path) {
  std::string key(path.substr(0, path.size() - NameOf(path).size()));
  return key.append(1, '\0').append(NameOf(path));
}

}  // namespace

std::vector<LayerItem> OrderItems(const Segment& segment) {
  using Kind = LayerItem::Kind;
  std::vector<LayerItem> items;
  items.reserve(segment.lines.size());
  for (const IndexEntry& line : segment.lines) {
    if (!IsStorable(line.path)) continue;
    if (line.type == EntryType::kDir) {
      items.push_back({Kind::kDir, &line, {}});
    } else if (line.type == EntryType::kSymlink) {
      items.push_back({Kind::kSymlink, &line, {}});
    } else if (line.type == EntryType::kFile && line.at.empty()) {
      items.push_back({Kind::kFile, &line, {}});
    } else if (line.type == EntryType::kRemoved && line.whiteout) {
      items.push_back({Kind::kWhiteout, &line, WhiteoutKey(line.path)});
    }
  }
  auto before = [](const LayerItem& a, const LayerItem& b) {
    return ComparePaths(a.SortKey(), b.SortKey()) < 0;
  };
  // Only whiteouts are not where their lines are; sorting a first push's for nothing takes long.
  if (!std::is_sorted(items.begin(), items.end(), before)) {
    std::sort(items.begin(), items.end(), before);
  }
  return items;
}

std::vector<const IndexEntry*> ObjectsOf(const Segment& segment) {
  std::vector<const IndexEntry*> objects;
  for (size_t i : segment.stored) {
    if (!segment.lines[i].at.empty()) objects.push_back(&segment.lines[i]);
  }
  std::sort(objects.begin(), objects.end(),
            [](const IndexEntry* a, const IndexEntry* b) { return a->sha256 < b->sha256; });
  auto same = [](const IndexEntry* a, const IndexEntry* b) { return a->sha256 == b->sha256; };
  objects.erase(std::unique(objects.begin(), objects.end(), same), objects.end());
  return objects;
}

std::vector<IndexEntry> ObjectLines(const Segment& segment) {
  std::vector<IndexEntry> lines;
  for (const IndexEntry* file : ObjectsOf(segment)) {
    IndexEntry& line = lines.emplace_back();
    line.type = EntryType::kObject;
    line.sha256 = file->sha256;
    line.size = file->size;
  }
  return lines;
}

}  // namespace kontext
