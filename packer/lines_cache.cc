#include "packer/lines_cache.h"

#include <utility>

#include "packer/hash.h"

namespace kontext {

std::optional<SegmentLines> RecallLines(const CacheDir* cache, const Digest& segment) {
  std::optional<LinesFile> file = OpenLines(cache, segment);
  if (!file) return std::nullopt;
  return file->All();
}

std::optional<LinesFile> OpenLines(const CacheDir* cache, const Digest& segment) {
  if (cache == nullptr) return std::nullopt;
  std::optional<CachedBytes> bytes = cache->Read(CacheKind::kLines, ToHex(segment));
  if (!bytes) return std::nullopt;
  return LinesFile::Open(segment, std::move(*bytes));
}

void KeepLines(const CacheDir* cache, const Digest& segment, std::span<const IndexEntry> lines) {
  if (cache == nullptr) return;
  cache->Write(CacheKind::kLines, ToHex(segment),
               [&](const CacheDir::Sink& sink) { LinesFile::Write(segment, lines, sink); });
}

}  // namespace kontext
