#include "packer/hash.h"

// Of the functions of today none gives a hash's state away, nor takes one.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "common/sha256_cpu.h"
#include "packer/error.h"

namespace kontext {
namespace {

static_assert(sizeof(SHA256_CTX) == sizeof(Hasher::State));
static_assert(alignof(SHA256_CTX) == alignof(Hasher::State));

SHA256_CTX* ContextIn(Hasher::State* state) { return reinterpret_cast<SHA256_CTX*>(state->data()); }

constexpr size_t kBlock = SHA256_CBLOCK;

Sha256PairBlocks PairBlocks() {
  static const Sha256PairBlocks known = CpuSha256Pair();
  return known;
}

// As SHA256_Update counts: in bits, in two words.
void Count(size_t bytes, SHA256_CTX* hash) {
  uint64_t bits = (uint64_t{hash->Nh} << 32 | hash->Nl) + uint64_t{bytes} * 8;
  hash->Nl = static_cast<SHA_LONG>(bits);
  hash->Nh = static_cast<SHA_LONG>(bits >> 32);
}

}  // namespace

Hasher::Hasher() : state_() { SHA256_Init(ContextIn(&state_)); }

void Hasher::Update(const void* data, size_t size) {
  SHA256_Update(ContextIn(&state_), data, size);
}

bool Hasher::IsFasterForBoth() { return PairBlocks() != nullptr; }

void Hasher::UpdateBoth(Hasher* a, const char* a_data, Hasher* b, const char* b_data, size_t size) {
  const Sha256PairBlocks pair = PairBlocks();
  SHA256_CTX* hashes[] = {ContextIn(&a->state_), ContextIn(&b->state_)};
  size_t whole = 0;
  if (pair != nullptr && hashes[0]->num == 0 && hashes[1]->num == 0) {
    whole = size / kBlock * kBlock;
    uint32_t* const states[] = {hashes[0]->h, hashes[1]->h};
    const uint8_t* const data[] = {reinterpret_cast<const uint8_t*>(a_data),
                                   reinterpret_cast<const uint8_t*>(b_data)};
    pair(states, data, whole / kBlock);
    for (SHA256_CTX* hash : hashes) Count(whole, hash);
  }
  a->Update(a_data + whole, size - whole);
  b->Update(b_data + whole, size - whole);
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
