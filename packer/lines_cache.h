// Local state about segments, so that a push need not parse what it has seen before: their lines.
#pragma once

#include <optional>
#include <span>

#include "packer/cache/cache_dir.h"
#include "packer/lines_file.h"
#include "packer/plan/segment_lines.h"

namespace kontext {

// Without a cache (null) nothing is kept and nothing is there.
std::optional<SegmentLines> RecallLines(const CacheDir* cache, const Digest& segment);
// The same, to be looked up.
std::optional<LinesFile> OpenLines(const CacheDir* cache, const Digest& segment);
void KeepLines(const CacheDir* cache, const Digest& segment, std::span<const IndexEntry> lines);

}  // namespace kontext
