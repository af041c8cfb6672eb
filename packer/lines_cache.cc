#include "packer/lines_cache.h"

#include <string>
#include <string_view>
#include <utility>

#include "packer/hash.h"
#include "packer/lines_file.h"

namespace kontext {
namespace {

// Not the name of any segment: the first bytes are no digest.
std::string KeyOfFold(const std::vector<Digest>& segments) {
  Hasher hasher;
  hasher.Update("fold 1\n");
  for (const Digest& segment : segments) hasher.Update(segment.bytes, Digest::kBytes);
  return ToHex(hasher.Finish());
}

std::string_view BytesOf(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes), Digest::kBytes};
}

}  // namespace

std::optional<SegmentLines> RecallLines(const CacheDir* cache, const Digest& segment) {
  if (cache == nullptr) return std::nullopt;
  std::optional<CachedBytes> bytes = cache->Read(CacheKind::kLines, ToHex(segment));
  if (!bytes) return std::nullopt;
  return ReadLinesFile(segment, std::move(bytes->data), bytes->size);
}

void KeepLines(const CacheDir* cache, const Digest& segment, std::span<const IndexEntry> lines) {
  if (cache == nullptr) return;
  cache->Write(CacheKind::kLines, ToHex(segment),
               [&](const CacheDir::Sink& sink) { WriteLinesFile(segment, lines, sink); });
}

// Damage makes another tree of it, which is not known.
bool IsKnownFold(const CacheDir* cache, const std::vector<Digest>& segments, const Digest& tree) {
  if (cache == nullptr) return false;
  std::optional<CachedBytes> known = cache->Read(CacheKind::kLines, KeyOfFold(segments));
  return known && known->view() == BytesOf(tree);
}

void KeepFold(const CacheDir* cache, const std::vector<Digest>& segments, const Digest& tree) {
  if (cache != nullptr) cache->Write(CacheKind::kLines, KeyOfFold(segments), BytesOf(tree));
}

}  // namespace kontext
