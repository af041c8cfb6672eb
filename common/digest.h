// A SHA-256 digest and its two spellings: 64 lowercase hex digits, and "sha256:" + hex
// (OCI image specification, descriptor.md, "Digests").
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <string_view>

namespace kontext {

struct Digest {
  static constexpr size_t kBytes = 32;
  static constexpr size_t kHexLength = 64;
  static constexpr std::string_view kPrefix = "sha256:";

  uint8_t bytes[kBytes];

  friend bool operator==(const Digest& a, const Digest& b) {
    return memcmp(a.bytes, b.bytes, kBytes) == 0;
  }
  friend bool operator<(const Digest& a, const Digest& b) {
    return memcmp(a.bytes, b.bytes, kBytes) < 0;
  }
};

// Writes kHexLength characters, no terminator.
void FormatHex(const Digest& digest, char* out);

// Exactly 64 lowercase hex digits, else false and `out` is unspecified.
bool ParseHex(std::string_view hex, Digest* out);

// The same with the "sha256:" prefix.
bool ParseDigest(std::string_view text, Digest* out);

}  // namespace kontext
