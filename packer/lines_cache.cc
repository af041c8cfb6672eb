#include "packer/lines_cache.h"

#include <sys/types.h>

#include <algorithm>
#include <string>
#include <utility>

#include "packer/hash.h"
#include "packer/lines_file.h"

namespace kontext {
namespace {

std::optional<CacheFile> FileOf(const CacheDir* cache, const Digest& segment) {
  if (cache == nullptr) return std::nullopt;
  return cache->OpenFile(CacheKind::kLines, ToHex(segment));
}

SummedReader::ReadNext Reading(const CacheFile& file) {
  return [fd = file.fd.get()](char* buffer, size_t size) {
    return static_cast<size_t>(std::max<ssize_t>(ReadUpTo(fd, buffer, size), 0));
  };
}

}  // namespace

std::optional<SegmentLines> RecallLines(const CacheDir* cache, const Digest& segment) {
  std::optional<CacheFile> file = FileOf(cache, segment);
  if (!file) return std::nullopt;
  return ReadLinesFile(segment, Reading(*file), file->size);
}

bool VisitCachedLines(const CacheDir* cache, const Digest& segment,
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

}  // namespace kontext
