#include "packer/hash.h"

// Of the functions of today none gives a hash's state away, nor takes one.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "packer/error.h"

namespace kontext {
namespace {

static_assert(sizeof(SHA256_CTX) == sizeof(Hasher::State));
static_assert(alignof(SHA256_CTX) == alignof(Hasher::State));

SHA256_CTX* ContextIn(Hasher::State* state) { return reinterpret_cast<SHA256_CTX*>(state->data()); }

}  // namespace

Hasher::Hasher() : state_() { SHA256_Init(ContextIn(&state_)); }

void Hasher::Update(const void* data, size_t size) {
  SHA256_Update(ContextIn(&state_), data, size);
}

Digest Hasher::Finish() {
  Digest digest;
  SHA256_Final(digest.bytes, ContextIn(&state_));
  SHA256_Init(ContextIn(&state_));
  return digest;
}

std::string Hasher::FinishString() { return ToString(Finish()); }

std::string ToHex(const Digest& digest) {
  std::string hex(Digest::kHexLength, '\0');
  FormatHex(digest, hex.data());
  return hex;
}

std::string ToString(const Digest& digest) { return std::string(Digest::kPrefix) + ToHex(digest); }

Digest DigestFrom(std::string_view text) {
  Digest digest;
  if (!ParseDigest(text, &digest)) {
    throw Error(ErrorKind::kFormat, "'" + std::string(text) + "' is not a sha256 digest");
  }
  return digest;
}

std::string DigestOf(std::string_view bytes) {
  Hasher hasher;
  hasher.Update(bytes);
  return hasher.FinishString();
}

}  // namespace kontext
