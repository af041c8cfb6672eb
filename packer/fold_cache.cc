#include "packer/fold_cache.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "packer/cache/summed.h"
#include "packer/hash.h"

namespace kontext {
namespace {

// The file, in this machine's byte order: the tree digest; how many segments follow, 0 or all; of
// each a LiveHeader and a bit for each of its lines; the checksum of packer/cache/summed.h.
struct LiveHeader {
  uint64_t lines;     // that are live
  uint64_t contents;  // how many bits: of all its lines
};

constexpr size_t kBits = 64;

// Not the name of any segment: the first bytes are no digest. The number goes up with the format,
// and when a plan counts differently what is live.
std::string KeyOf(const std::vector<Digest>& segments) {
  Hasher hasher;
  hasher.Update("fold 2\n");
  for (const Digest& segment : segments) hasher.Update(segment.bytes, Digest::kBytes);
  return ToHex(hasher.Finish());
}

template <typename T>
bool Take(std::string_view* bytes, T* value) {
  if (bytes->size() < sizeof(T)) return false;
  std::memcpy(value, bytes->data(), sizeof(T));
  bytes->remove_prefix(sizeof(T));
  return true;
}

bool TakeLive(std::string_view* bytes, LiveLines* live) {
  LiveHeader header;
  if (!Take(bytes, &header) || header.contents / 8 > bytes->size()) return false;
  live->lines = header.lines;
  live->contents.resize(header.contents);
  uint64_t word = 0;
  for (size_t i = 0; i < live->contents.size(); ++i) {
    if (i % kBits == 0 && !Take(bytes, &word)) return false;
    live->contents[i] = (word >> i % kBits & 1) != 0;
  }
  return true;
}

void AddLive(const LiveLines& live, SummedWriter* writer) {
  writer->AddValue(LiveHeader{live.lines, live.contents.size()});
  for (size_t begin = 0; begin < live.contents.size(); begin += kBits) {
    uint64_t word = 0;
    for (size_t i = begin; i < begin + kBits && i < live.contents.size(); ++i) {
      word |= uint64_t{live.contents[i]} << i % kBits;
    }
    writer->AddValue(word);
  }
}

// What is kept of the segments, when their tree is this one.
std::optional<std::vector<LiveLines>> Recall(const CacheDir* cache,
                                             const std::vector<Digest>& segments,
                                             const Digest& tree) {
  if (cache == nullptr) return std::nullopt;
  std::optional<CachedBytes> file = cache->Read(CacheKind::kLines, KeyOf(segments));
  std::optional<std::string_view> bytes;
  if (file) bytes = ReadSummed(file->view());
  Digest kept;
  uint64_t count = 0;
  if (!bytes || !Take(&*bytes, &kept.bytes) || kept != tree || !Take(&*bytes, &count) ||
      (count != 0 && count != segments.size())) {
    return std::nullopt;
  }
  std::vector<LiveLines> live(count);
  for (LiveLines& one : live) {
    if (!TakeLive(&*bytes, &one)) return std::nullopt;
  }
  return live;
}

}  // namespace

bool IsKnownFold(const CacheDir* cache, const std::vector<Digest>& segments, const Digest& tree) {
  return Recall(cache, segments, tree).has_value();
}

std::optional<std::vector<LiveLines>> RecallLive(const CacheDir* cache,
                                                 const std::vector<Digest>& segments,
                                                 const Digest& tree) {
  std::optional<std::vector<LiveLines>> live = Recall(cache, segments, tree);
  if (live && live->empty()) return std::nullopt;
  return live;
}

void KeepFold(const CacheDir* cache, const std::vector<Digest>& segments, const Digest& tree,
              std::span<const LiveLines> live) {
  if (cache == nullptr) return;
  cache->Write(CacheKind::kLines, KeyOf(segments), [&](const CacheDir::Sink& sink) {
    SummedWriter writer(sink);
    writer.AddValue(tree.bytes);
    writer.AddValue(uint64_t{live.size()});
    for (const LiveLines& one : live) AddLive(one, &writer);
    writer.Finish();
  });
}

}  // namespace kontext
