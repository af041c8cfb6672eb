#include "packer/hash.h"

#include <openssl/evp.h>

#include <new>

#include "packer/error.h"

namespace kontext {

void Hasher::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Hasher::Hasher() : context_(EVP_MD_CTX_new()) {
  if (!context_) throw std::bad_alloc();
  EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

Hasher::~Hasher() = default;

void Hasher::Update(const void* data, size_t size) { EVP_DigestUpdate(context_.get(), data, size); }

Digest Hasher::Finish() {
  Digest digest;
  EVP_DigestFinal_ex(context_.get(), digest.bytes, nullptr);
  EVP_DigestInit_ex(context_.get(), nullptr, nullptr);
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
