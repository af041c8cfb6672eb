#include "packer/pack/layer_builder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "common/index_writer.h"
#include "common/layout.h"
#include "common/path.h"
#include "packer/error.h"
#include "packer/hash.h"
#include "packer/pack/layer_items.h"
#include "packer/pack/packed_spans.h"
#include "packer/pack/tar_writer.h"
#include "packer/pack/unnamed_file.h"
#include "packer/scan/file_opener.h"

namespace kontext {
namespace {

// The extractor may run as any user: stored files are readable and directories searchable for all.
constexpr uint32_t kReadableFile = 0444;
constexpr uint32_t kSearchableDir = 0555;
constexpr uint32_t kOwnDir = 0755;
constexpr uint32_t kOwnFile = 0644;

// What a layer holds decides how hard it is packed: a small one can afford a strong level, on a
// large one it would be all the time that a push takes. Kernel source, one core, MB/s and size:
// libdeflate 12: 4, 16.0 %; 6: 140, 16.6 %; kFastGzip: 590, 19.5 %. zstd 19: 4, 13.5 %; 9:
// 110, 14.4 %; kFastZstd: 600, 15.8 %. One file of 115 kB: libdeflate 10: 13 ms, 25.4 kB; 8: 4 ms,
// 26.3 kB; zstd 19: 52 ms, 23.9 kB; 12: 7 ms, 24.9 kB; 9: 2 ms, 25.2 kB.
struct Level {
  uint64_t below;  // bytes of the tar file, about
  int gzip, zstd;
};
constexpr Level kLevels[] = {{uint64_t{64} << 10, 10, 12},
                             {uint64_t{2} << 20, 8, 9},
                             {uint64_t{32} << 20, 6, 9},
                             {UINT64_MAX, kFastGzip, kFastZstd}};

Codec CodecFor(Compression compression, const Segment& segment, const IndexId& index) {
  constexpr uint64_t kEntry = 1024;  // its header, and on average half a block of padding
  uint64_t bytes = segment.stored_bytes + index.size + segment.lines.size() * kEntry;
  const Level* level = kLevels;
  while (bytes >= level->below) ++level;
  return {compression, compression == Compression::kZstd ? level->zstd : level->gzip};
}

std::string_view WithoutRoot(std::string_view path) { return path.substr(1); }

// Is content that is read again what its digest says?
class ContentCheck {
 public:
  explicit ContentCheck(const QuickHashes* quick_hashes) : quick_hashes_(quick_hashes) {}

  void Begin(const Digest& expected) {
    expected_ = expected;
    quick_.reset();
    if (quick_hashes_ != nullptr) quick_ = quick_hashes_->Find(expected);
  }

  void Update(std::string_view bytes) {
    if (quick_) return quick_hasher_.Update(bytes);
    hasher_.Update(bytes);
  }

  bool Holds() {
    return quick_ ? quick_hasher_.Finish() == *quick_ : hasher_.Finish() == expected_;
  }

 private:
  const QuickHashes* quick_hashes_;
  Digest expected_{};
  std::optional<uint64_t> quick_;
  Hasher hasher_;
  QuickHasher quick_hasher_;
};

class Builder {
 public:
  // `tar` writes to `out`.
  Builder(TarWriter* tar, CompressedWriter* out, const EntryLookup& entries, const Context& context,
          const QuickHashes* quick_hashes)
      : tar_(tar),
        out_(out),
        entries_(entries),
        context_(context),
        opener_(context),
        check_(quick_hashes) {}

  // The directories on the way to an absolute path below one of kontext's folders.
  void AddOwnDirs(std::string_view path, size_t from) {
    for (size_t end = path.find('/', from); end != std::string_view::npos;
         end = path.find('/', end + 1)) {
      tar_->AddDir(WithoutRoot(path.substr(0, end)), kOwnDir);
    }
  }

  void ReserveSpans(size_t contents) { spans_.reserve(contents); }

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

  // Of the contents, in the order of the index.
  std::vector<ContentSpan> TakeSpans() { return std::move(spans_); }

 private:
  static std::string Stored(std::string_view path) {
    return std::string(WithoutRoot(kBasePath)).append("/").append(path);
  }

  // Makes sure that `dir` and what it lies in have their entries.
  void PassThrough(std::string_view dir) {
    if (dir.empty() || dir == passed_ || IsUnder(passed_, dir)) return;
    PassThrough(ParentOf(dir));
    std::optional<IndexEntry> entry = entries_.Find(dir);
    tar_->AddDir(Stored(dir), (entry ? entry->mode : kOwnDir) | kSearchableDir);
    passed_ = dir;
  }

  void AddContent(const IndexEntry& entry, const std::string& stored, uint32_t mode) {
    OpenedFile file = opener_.Open(entry.path);
    uint64_t begin = out_->input_size();
    tar_->BeginFile(stored, mode, entry.size);
    check_.Begin(entry.sha256);
    uint64_t left = entry.size;
    while (left > 0) {
      std::span<char> room = out_->Room();
      size_t want = static_cast<size_t>(std::min<uint64_t>(left, room.size()));
      ssize_t n = ReadUpTo(file.fd.get(), room.data(), want);
      if (n < 0) {
        throw Error(ErrorKind::kIo,
                    "cannot read " + context_.Describe(entry.path) + ": " + std::strerror(errno));
      }
      if (static_cast<size_t>(n) < want) Changed(entry);
      check_.Update({room.data(), want});
      gauge_.Add({room.data(), want});
      out_->Fill(want);
      left -= want;
    }
    tar_->EndFile();
    spans_.push_back({entry.size, begin, out_->input_size(), gauge_.Take()});
    if (!check_.Holds()) Changed(entry);
  }

  [[noreturn]] void Changed(const IndexEntry& entry) const {
    throw Error(ErrorKind::kChanged, context_.Describe(entry.path) + " changed while it was read");
  }

  TarWriter* tar_;
  CompressedWriter* out_;
  const EntryLookup& entries_;
  const Context& context_;
  FileOpener opener_;
  ContentCheck check_;
  Gauge gauge_;
  std::vector<ContentSpan> spans_;
  std::string_view passed_;  // the directory whose entry came last
};

}  // namespace

UnfinishedLayer BuildLayer(const Segment& segment, const IndexId& index, const MakeHead& head,
                           const EntryLookup& entries, const Context& context,
                           const PackOptions& options) {
  UnfinishedLayer layer(CodecFor(options.compression, segment, index), options.threads);
  TarWriter tar(layer.out(), options.mtime);
  Builder builder(&tar, layer.out(), entries, context, options.quick_hashes);

  std::string name = std::string(kSegmentsPath) + '/' + ToHex(index.digest);
  builder.AddOwnDirs(name, 1);
  tar.BeginFile(WithoutRoot(name + std::string(kSegmentSuffix)), kOwnFile, index.size);
  WriteIndex(segment, [&](std::string_view piece) { tar.Write(piece); });
  tar.EndFile();
  layer.EndIndex();

  builder.ReserveSpans(segment.stored.size());
  builder.AddObjects(ObjectsOf(segment));
  std::vector<LayerItem> items = OrderItems(segment);
  if (!items.empty()) builder.AddOwnDirs(std::string(kBasePath) + '/', std::strlen("/var/"));
  for (const LayerItem& item : items) builder.AddItem(item);
  if (head) {
    // All else is packed before the head is asked for.
    layer.out()->EndMember();
    tar.AddFile(WithoutRoot(kManifestPath), kOwnFile, head());
  }
  tar.Finish();
  layer.EndInput(builder.TakeSpans());
  return layer;
}

}  // namespace kontext
