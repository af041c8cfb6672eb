// SHA-256 for the packer, by OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/digest.h"

namespace kontext {

class Hasher {
 public:
  // How far a message is hashed, as bytes that mean something to this machine's OpenSSL.
  using State = std::array<uint32_t, 28>;

  Hasher();
  // Goes on from there.
  explicit Hasher(const State& state) : state_(state) {}

  void Update(const void* data, size_t size);
  void Update(std::string_view data) { Update(data.data(), data.size()); }
  // `size` bytes more for each of two hashers. Where the CPU can, both at once: nearly twice as
  // fast as one after the other.
  static void UpdateBoth(Hasher* a, const char* a_data, Hasher* b, const char* b_data, size_t size);
  static bool IsFasterForBoth();
  const State& state() const { return state_; }
  // Ends the message; the hasher is then as new.
  Digest Finish();
  std::string FinishString();

 private:
  State state_;
};

// "sha256:<hex>"
std::string ToString(const Digest& digest);
// "<hex>"
std::string ToHex(const Digest& digest);
// Throws Error(kFormat) naming the text when it is no "sha256:<hex>".
Digest DigestFrom(std::string_view text);

std::string DigestOf(std::string_view bytes);

}  // namespace kontext
