// Local state about the segments of an image together: which tree they give, and what is live of
// each. A push need not fold them to know the one, nor plan over all of their lines for the other.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "packer/cache/cache_dir.h"
#include "packer/plan/live.h"

namespace kontext {

// Is it known that segments, bottom to top, fold to a tree? Without a cache (null) nothing is.
bool IsKnownFold(const CacheDir* cache, const std::vector<Digest>& segments, const Digest& tree);

// What is live of each; nothing when that was not kept.
std::optional<std::vector<LiveLines>> RecallLive(const CacheDir* cache,
                                                 const std::vector<Digest>& segments,
                                                 const Digest& tree);

// `live`: Plan::live of the push that made the image; empty: not known.
void KeepFold(const CacheDir* cache, const std::vector<Digest>& segments, const Digest& tree,
              std::span<const LiveLines> live = {});

}  // namespace kontext
