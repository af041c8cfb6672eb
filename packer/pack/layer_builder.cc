#include "packer/pack/layer_builder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "common/index_writer.h"
#include "common/layout.h"
#include "common/path.h"
#include "packer/error.h"
#include "packer/hash.h"
#include "packer/pack/gzip_writer.h"
#include "packer/pack/layer_items.h"
#include "packer/pack/tar_writer.h"
#include "packer/pack/temp_file.h"

namespace kontext {
namespace {

constexpr size_t kBuffer = 256 * 1024;

// The extractor may run as any user: stored files are readable and directories searchable for all.
constexpr uint32_t kReadableFile = 0444;
constexpr uint32_t kSearchableDir = 0555;
constexpr uint32_t kOwnDir = 0755;
constexpr uint32_t kOwnFile = 0644;

// A small layer can afford libdeflate's strongest level; on a large one it would be all the time a
// push takes (kernel source, one core: level 12 4 MB/s, level 6 90 MB/s for 4 % more bytes).
constexpr uint64_t kSmallLayer = 4 << 20;
constexpr int kSmallLevel = 12;
constexpr int kLargeLevel = 6;

std::string_view WithoutRoot(std::string_view path) { return path.substr(1); }

class Builder {
 public:
  Builder(TarWriter* tar, const Listing& listing, const Context& context)
      : tar_(tar), listing_(listing), context_(context), buffer_(kBuffer) {}

  // The directories on the way to an absolute path below one of kontext's folders.
  void AddOwnDirs(std::string_view path, size_t from) {
    for (size_t end = path.find('/', from); end != std::string_view::npos;
         end = path.find('/', end + 1)) {
      tar_->AddDir(WithoutRoot(path.substr(0, end)), kOwnDir);
    }
  }

  void AddObjects(const std::vector<const IndexEntry*>& objects) {
    if (objects.empty()) return;
    tar_->AddDir(WithoutRoot(kObjectsPath), kOwnDir);
    for (const IndexEntry* object : objects) {
      AddContent(*object, std::string(WithoutRoot(object->at)), kReadableFile);
    }
  }

  void AddItem(const LayerItem& item) {
    std::string_view path = item.line->path;
    PassThrough(ParentOf(path));
    std::string stored = Stored(path);
    switch (item.kind) {
      case LayerItem::Kind::kDir:
        tar_->AddDir(stored, item.line->mode | kSearchableDir);
        passed_ = path;
        return;
      case LayerItem::Kind::kSymlink:
        return tar_->AddSymlink(stored, item.line->target);
      case LayerItem::Kind::kFile:
        return AddContent(*item.line, stored, item.line->mode | kReadableFile);
      case LayerItem::Kind::kWhiteout:
        stored.insert(stored.size() - NameOf(path).size(), ".wh.");
        return tar_->AddFile(stored, kOwnFile, "");
    }
  }

 private:
  static std::string Stored(std::string_view path) {
    return std::string(WithoutRoot(kBasePath)).append("/").append(path);
  }

  // Makes sure that `dir` and what it lies in have their entries.
  void PassThrough(std::string_view dir) {
    if (dir.empty() || dir == passed_ || IsUnder(passed_, dir)) return;
    PassThrough(ParentOf(dir));
    const auto& entries = listing_.entries();
    auto found = std::lower_bound(entries.begin(), entries.end(), dir,
                                  [](const IndexEntry& entry, std::string_view path) {
                                    return ComparePaths(entry.path, path) < 0;
                                  });
    uint32_t mode = found != entries.end() && found->path == dir ? found->mode : kOwnDir;
    tar_->AddDir(Stored(dir), mode | kSearchableDir);
    passed_ = dir;
  }

  void AddContent(const IndexEntry& entry, const std::string& stored, uint32_t mode) {
    UniqueFd file = context_.OpenFile(entry.path);
    tar_->BeginFile(stored, mode, entry.size);
    uint64_t left = entry.size;
    while (left > 0) {
      size_t want = static_cast<size_t>(std::min<uint64_t>(left, buffer_.size()));
      ssize_t n = ReadUpTo(file.get(), buffer_.data(), want);
      if (n < 0) {
        throw Error(ErrorKind::kIo,
                    "cannot read " + context_.Describe(entry.path) + ": " + std::strerror(errno));
      }
      if (static_cast<size_t>(n) < want) Changed(entry);
      hasher_.Update(buffer_.data(), want);
      tar_->Write({buffer_.data(), want});
      left -= want;
    }
    tar_->EndFile();
    if (!(hasher_.Finish() == entry.sha256)) Changed(entry);
  }

  [[noreturn]] void Changed(const IndexEntry& entry) const {
    throw Error(ErrorKind::kChanged, context_.Describe(entry.path) + " changed while it was read");
  }

  TarWriter* tar_;
  const Listing& listing_;
  const Context& context_;
  std::vector<char> buffer_;
  Hasher hasher_;
  std::string_view passed_;  // the directory whose entry came last
};

}  // namespace

Layer FinishLayer(UniqueFd file, GzipWriter* gzip) {
  gzip->Finish();
  Layer layer;
  layer.file = std::move(file);
  layer.diff_id = ToString(gzip->input_digest());
  layer.descriptor.media_type = kMediaTypeLayerGzip;
  layer.descriptor.digest = ToString(gzip->digest());
  layer.descriptor.size = gzip->size();
  return layer;
}

SegmentIndex WriteIndex(const Segment& segment) {
  SegmentIndex index;
  ByteSink sink{&index.lines, [](void* context, const char* data, size_t size) {
                  static_cast<std::string*>(context)->append(data, size);
                }};
  for (const IndexEntry* file : ObjectsOf(segment)) {
    IndexEntry object = *file;
    object.type = EntryType::kObject;
    WriteIndexLine(object, sink);
  }
  for (const IndexEntry& line : segment.lines) WriteIndexLine(line, sink);
  Hasher hasher;
  hasher.Update(index.lines);
  index.digest = hasher.Finish();
  return index;
}

Layer BuildLayer(const Segment& segment, const SegmentIndex& index, const std::string& head,
                 const Listing& listing, const Context& context, const PackOptions& options) {
  UniqueFd file = OpenTempFile();
  bool small = segment.stored_bytes + index.lines.size() < kSmallLayer;
  GzipWriter gzip(file.get(), small ? kSmallLevel : kLargeLevel, options.threads);
  TarWriter tar(&gzip, options.mtime);
  Builder builder(&tar, listing, context);

  std::string name = std::string(kSegmentsPath) + '/' + ToHex(index.digest);
  builder.AddOwnDirs(name, 1);
  tar.AddFile(WithoutRoot(name + std::string(kSegmentSuffix)), kOwnFile, index.lines);
  uint64_t index_size = gzip.EndMember();

  if (!head.empty()) tar.AddFile(WithoutRoot(kManifestPath), kOwnFile, head);
  builder.AddObjects(ObjectsOf(segment));
  std::vector<LayerItem> items = OrderItems(segment);
  if (!items.empty()) builder.AddOwnDirs(std::string(kBasePath) + '/', std::strlen("/var/"));
  for (const LayerItem& item : items) builder.AddItem(item);
  tar.Finish();
  Layer layer = FinishLayer(std::move(file), &gzip);
  layer.descriptor.annotations[kIndexSizeAnnotation] = std::to_string(index_size);
  return layer;
}

}  // namespace kontext
