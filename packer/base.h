// The base of every image: the extractor, one per platform, embedded in this program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "packer/image/descriptor.h"
#include "packer/pack/layer_builder.h"

namespace kontext {

// Those with an embedded extractor.
std::vector<Platform> KnownPlatforms();

// "linux/amd64" and its like. Throws Error(kUsage), naming the text, for a platform without an
// extractor.
Platform ParsePlatform(const std::string& text);

// Each once, in the order of the first mention; for no text the default: all that are known, or
// this machine's when there may be only `one`. Throws Error(kUsage) as ParsePlatform does, and for
// several where there may be one.
std::vector<Platform> ChoosePlatforms(const std::vector<std::string>& texts, bool one);

std::string ToString(const Platform& platform);

// The embedded program. Throws Error(kUsage) for a platform without an extractor.
std::string_view ExtractorFor(const Platform& platform);

// The layer with /kontext-extractor alone. Reproducible. Throws as ExtractorFor does.
Layer BuildBaseLayer(const Platform& platform, uint64_t mtime);

}  // namespace kontext
