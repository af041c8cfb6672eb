#include "packer/document_cache.h"

#include "common/digest.h"
#include "packer/hash.h"

namespace kontext {
namespace {

// The name of a file of the cache; empty for a digest that is none.
std::string KeyOf(std::string_view digest) {
  Digest parsed;
  return ParseDigest(digest, &parsed) ? ToHex(parsed) : std::string();
}

}  // namespace

std::optional<std::string> RecallDocument(const CacheDir* cache, CacheKind kind,
                                          const std::string& digest) {
  std::string key = KeyOf(digest);
  if (cache == nullptr || key.empty()) return std::nullopt;
  std::optional<CachedBytes> bytes = cache->Read(kind, key);
  if (!bytes || DigestOf(bytes->view()) != digest) return std::nullopt;
  return std::string(bytes->view());
}

void KeepDocument(const CacheDir* cache, CacheKind kind, const std::string& digest,
                  std::string_view body) {
  std::string key = KeyOf(digest);
  if (cache != nullptr && !key.empty()) cache->Write(kind, key, body);
}

}  // namespace kontext
