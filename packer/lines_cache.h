// Local state about segments, so that a push need not parse what it has seen before: their lines.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "packer/cache/cache_dir.h"
#include "packer/plan/segment_lines.h"

namespace kontext {

// Without a cache (null) nothing is kept and nothing is there.
std::optional<SegmentLines> RecallLines(const CacheDir* cache, const Digest& segment);
// Gives them one by one to `take`; a line's views are valid until the next one. False: they are not
// there after all, and nothing that was given is to be believed.
bool VisitCachedLines(const CacheDir* cache, const Digest& segment,
                      const std::function<void(const IndexEntry& line)>& take);
void KeepLines(const CacheDir* cache, const Digest& segment, std::span<const IndexEntry> lines);

}  // namespace kontext
