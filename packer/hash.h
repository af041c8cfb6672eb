// SHA-256 for the packer, by OpenSSL.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "common/digest.h"

struct evp_md_ctx_st;

namespace kontext {

class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void Update(const void* data, size_t size);
  void Update(std::string_view data) { Update(data.data(), data.size()); }
  // Ends the message; the hasher is then as new.
  Digest Finish();
  std::string FinishString();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// "sha256:<hex>"
std::string ToString(const Digest& digest);
// "<hex>"
std::string ToHex(const Digest& digest);
// Throws Error(kFormat) naming the text when it is no "sha256:<hex>".
Digest DigestFrom(std::string_view text);

std::string DigestOf(std::string_view bytes);

}  // namespace kontext
