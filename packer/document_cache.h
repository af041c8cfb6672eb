// Local state about what has a digest: small OCI documents, segment indexes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "packer/cache/cache_dir.h"

namespace kontext {

// Without a cache (null) nothing is kept and nothing is there. What comes has the digest.
std::optional<std::string> RecallDocument(const CacheDir* cache, CacheKind kind,
                                          const std::string& digest);
void KeepDocument(const CacheDir* cache, CacheKind kind, const std::string& digest,
                  std::string_view body);

}  // namespace kontext
