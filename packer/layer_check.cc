#include "packer/layer_check.h"

#include "common/head.h"
#include "common/layout.h"
#include "common/path.h"
#include "common/sha256.h"
#include "packer/places.h"
#include "packer/plan/storable.h"

namespace kontext {
namespace {

constexpr uint32_t kOwnMode = 0644;
constexpr uint32_t kProgramMode = 0755;
constexpr uint32_t kReadable = 0444;
constexpr uint32_t kSearchable = 0555;

ExpectedItem FileOf(const Digest& sha256, uint64_t size, uint32_t mode) {
  ExpectedItem item;
  item.sha256 = sha256;
  item.size = size;
  item.mode = mode;
  return item;
}

std::string WhiteoutOf(std::string_view path) {
  std::string place = TarPathOf(path);
  place.insert(place.size() - NameOf(path).size(), ".wh.");
  return place;
}

void Expect(const IndexEntry& line, ExpectedItems* items) {
  if (line.type == EntryType::kObject) {
    std::string place = std::string(kObjectsPath) + '/' + ToHex(line.sha256);
    (*items)[TarPathOf(place)] = FileOf(line.sha256, line.size, kReadable);
    return;
  }
  if (!IsStorable(line.path)) return;
  ExpectedItem item;
  switch (line.type) {
    case EntryType::kFile:
      if (!line.at.empty()) return;
      item = FileOf(line.sha256, line.size, line.mode | kReadable);
      break;
    case EntryType::kDir:
      item.type = TarItem::Type::kDir;
      item.mode = line.mode | kSearchable;
      break;
    case EntryType::kSymlink:
      item.type = TarItem::Type::kSymlink;
      item.target = line.target;
      break;
    default:
      if (line.whiteout) (*items)[WhiteoutOf(line.path)] = FileOf(HashOf("", 0), 0, kOwnMode);
      return;
  }
  (*items)[TarPathOf(line.path)] = item;
}

}  // namespace

ExpectedItems ExpectSegment(const SegmentIndex& index) {
  ExpectedItems items;
  ForEachLine(index, [&](const IndexEntry& line) { Expect(line, &items); });
  std::string name =
      std::string(kSegmentsPath) + '/' + ToHex(index.digest) + std::string(kSegmentSuffix);
  items[TarPathOf(name)] = FileOf(index.digest, index.lines.size(), kOwnMode);
  ExpectedItem head;
  head.mode = kOwnMode;
  head.required = false;
  items[TarPathOf(kManifestPath)] = head;
  return items;
}

ExpectedItems ExpectBase() {
  ExpectedItem program;
  program.mode = kProgramMode;
  return {{TarPathOf(kExtractorPath), program}};
}

LayerCheck::LayerCheck(ExpectedItems expected, TakeProblem problem)
    : expected_(std::move(expected)), problem_(std::move(problem)) {}

void LayerCheck::Begin(const TarItem& item) {
  path_ = item.path;
  size_ = 0;
  current_ = nullptr;
  auto found = expected_.find(item.path);
  if (found == expected_.end()) {
    if (item.type == TarItem::Type::kDir && IsPassedThrough(item.path)) return;
    return problem_(path_ + ": its index does not have it");
  }
  ExpectedItem& expected = found->second;
  if (expected.seen) return problem_(path_ + ": there twice");
  expected.seen = true;
  Compare(item, expected);
}

// A layer has directories that its index does not mention where these lead to what it does.
bool LayerCheck::IsPassedThrough(const std::string& path) const {
  auto below = expected_.lower_bound(path + '/');
  return below != expected_.end() && IsUnder(below->first, path);
}

void LayerCheck::Compare(const TarItem& item, const ExpectedItem& expected) {
  if (item.type != expected.type) return problem_(path_ + ": of another type than its index says");
  if (item.type == TarItem::Type::kSymlink) {
    if (item.target != expected.target) problem_(path_ + ": its index says another target");
    return;
  }
  if (item.mode != expected.mode) problem_(path_ + ": its mode is not the one of its index");
  if (item.type != TarItem::Type::kFile) return;
  current_ = &expected;
  is_head_ = path_ == TarPathOf(kManifestPath);
  if (is_head_) head_.clear();
}

void LayerCheck::Data(std::string_view bytes) {
  if (current_ == nullptr) return;
  size_ += bytes.size();
  if (current_->sha256) hasher_.Update(bytes);
  if (is_head_ && head_.size() <= kMaxHead) head_ += bytes;
}

void LayerCheck::End() {
  if (current_ == nullptr || !current_->sha256) return;
  bool same = hasher_.Finish() == *current_->sha256 && size_ == current_->size;
  if (!same) problem_(path_ + ": content is not what its index says");
}

void LayerCheck::Finish() {
  for (const auto& [path, item] : expected_) {
    if (item.required && !item.seen) problem_(path + ": missing");
  }
}

}  // namespace kontext
