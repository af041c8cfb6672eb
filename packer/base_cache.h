// Base layers as they were built before: they stay the same from push to push, and compressing them
// takes longer than all else that a small push does with them. One that an older libdeflate has
// packed stays in use: another digest, the same content.
#pragma once

#include <cstdint>
#include <vector>

#include "packer/base.h"
#include "packer/cache/cache_dir.h"

namespace kontext {

// What BuildBaseLayer makes of each platform. Without a cache (null) all are built.
std::vector<Layer> BaseLayers(const std::vector<Platform>& platforms, uint64_t mtime,
                              const CacheDir* cache);

}  // namespace kontext
