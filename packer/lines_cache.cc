#include "packer/lines_cache.h"

#include <sys/types.h>

#include <algorithm>
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

std::optional<CacheFile> FileOf(const CacheDir* cache, const Digest& segment) {
  if (cache == nullptr) return std::nullopt;
  return cache->OpenFile(CacheKind::kLines, ToHex(segment));
}

SummedReader::ReadNext Reading(const CacheFile& file) {
  return [fd = file.fd.get()](char* buffer, size_t size) {
    return static_cast<size_t>(std::max<ssize_t>(ReadUpTo(fd, buffer, size), 0));
  };
}

std::string_view BytesOf(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes), Digest::kBytes};
}

}  // namespace

std::optional<SegmentLines> RecallLines(const CacheDir* cache, const Digest& segment) {
  std::optional<CacheFile> file = FileOf(cache, segment);
  if (!file) return std::nullopt;
  return ReadLinesFile(segment, Reading(*file), file->size);
}

bool VisitLines(const CacheDir* cache, const Digest& segment,
                const std::function<void(const IndexEntry& line)>& take) {
  std::optional<CacheFile> file = FileOf(cache, segment);
  if (!file) return false;
  LinesFileReader reader(segment, Reading(*file), file->size);
  IndexEntry line;
  while (reader.Next(&line)) take(line);
  return reader.Finish();
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
