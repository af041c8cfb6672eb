// ARMv8 Cryptography Extension (Arm Architecture Reference Manual, SHA256H, SHA256H2, SHA256SU0,
// SHA256SU1).
#if defined(__aarch64__)
#include <arm_neon.h>
#include <sys/auxv.h>

#include "common/sha256_cpu.h"

namespace kontext {
namespace {

#define KONTEXT_SHA __attribute__((target("+crypto")))

KONTEXT_SHA void Blocks(uint32_t state[8], const uint8_t* data, size_t blocks) {
  uint32x4_t abcd = vld1q_u32(state);
  uint32x4_t efgh = vld1q_u32(state + 4);
  for (; blocks > 0; --blocks, data += 64) {
    const uint32x4_t abcd_before = abcd;
    const uint32x4_t efgh_before = efgh;
    uint32x4_t w[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(data + 16 * i)));
    }
#pragma GCC unroll 16
    for (int round = 0; round < 64; round += 4) {
      int i = round / 4 % 4;
      uint32x4_t wk = vaddq_u32(w[i], vld1q_u32(kSha256Rounds + round));
      uint32x4_t abcd_now = abcd;
      abcd = vsha256hq_u32(abcd, efgh, wk);
      efgh = vsha256h2q_u32(efgh, abcd_now, wk);
      if (round >= 48) continue;
      w[i] = vsha256su1q_u32(vsha256su0q_u32(w[i], w[(i + 1) % 4]), w[(i + 2) % 4], w[(i + 3) % 4]);
    }
    abcd = vaddq_u32(abcd, abcd_before);
    efgh = vaddq_u32(efgh, efgh_before);
  }
  vst1q_u32(state, abcd);
  vst1q_u32(state + 4, efgh);
}

}  // namespace

Sha256Blocks CpuSha256() {
  constexpr unsigned long kHwcapSha2 = 1UL << 6;  // Linux, asm/hwcap.h
  return (getauxval(AT_HWCAP) & kHwcapSha2) != 0 ? &Blocks : nullptr;
}

Sha256PairBlocks CpuSha256Pair() { return nullptr; }

}  // namespace kontext
#endif
