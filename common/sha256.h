// SHA-256 (FIPS 180-4). The extractor cannot link a crypto library, so this is its own; it uses
// the CPU's SHA instructions where they exist (x86 SHA extensions, ARMv8 Cryptography Extension).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"

namespace kontext {

// Folds `blocks` blocks of 64 bytes into the state.
using Sha256Blocks = void (*)(uint32_t state[8], const uint8_t* data, size_t blocks);

void Sha256Portable(uint32_t state[8], const uint8_t* data, size_t blocks);

// The fastest one that this CPU runs; Sha256Portable where it has no SHA instructions.
Sha256Blocks FastestSha256();

// Streaming hash. One object serves one thread at a time.
class Sha256 {
 public:
  explicit Sha256(Sha256Blocks blocks = FastestSha256());
  void Update(const void* data, size_t size);
  // Ends the message. The object must not be used afterwards.
  Digest Finish();

 private:
  Sha256Blocks blocks_;
  uint32_t state_[8];
  uint64_t length_ = 0;
  uint8_t pending_[64];
};

inline Digest HashOf(const void* data, size_t size) {
  Sha256 sha;
  sha.Update(data, size);
  return sha.Finish();
}

}  // namespace kontext
