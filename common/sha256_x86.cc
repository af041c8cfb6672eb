// Intel SHA extensions (Intel SDM volume 2, SHA256RNDS2, SHA256MSG1, SHA256MSG2). The two state
// registers hold ABEF and CDGH, as SHA256RNDS2 wants them.
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#include "common/sha256_cpu.h"

namespace kontext {
namespace {

#define KONTEXT_SHA __attribute__((target("sha,sse4.1")))

// Four rounds with the message words `w`, which already are in host order.
KONTEXT_SHA inline void FourRounds(__m128i* abef, __m128i* cdgh, __m128i w, int round) {
  __m128i k = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kSha256Rounds + round));
  __m128i wk = _mm_add_epi32(w, k);
  *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, wk);
  *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

// The four words that follow w0..w3 (sixteen words) in the message schedule.
KONTEXT_SHA inline __m128i NextWords(__m128i w0, __m128i w1, __m128i w2, __m128i w3) {
  __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
  return _mm_sha256msg2_epu32(sum, w3);
}

KONTEXT_SHA void Blocks(uint32_t state[8], const uint8_t* data, size_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  __m128i* words = reinterpret_cast<__m128i*>(state);
  __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xb1);
  __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1b);
  __m128i abef = _mm_alignr_epi8(badc, hgfe, 8);
  __m128i cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);
  for (; blocks > 0; --blocks, data += 64) {
    const __m128i abef_before = abef;
    const __m128i cdgh_before = cdgh;
    __m128i w[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      w[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data) + i);
      w[i] = _mm_shuffle_epi8(w[i], swap);
    }
#pragma GCC unroll 4
    for (int round = 0; round < 64; round += 16) {
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        FourRounds(&abef, &cdgh, w[i], round + 4 * i);
        if (round < 48) w[i] = NextWords(w[i], w[(i + 1) % 4], w[(i + 2) % 4], w[(i + 3) % 4]);
      }
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(words, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, feba, 8));
}

}  // namespace

Sha256Blocks CpuSha256() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_SSE4_1) == 0) return nullptr;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return nullptr;
  constexpr unsigned kSha = 1U << 29;
  return (b & kSha) != 0 ? &Blocks : nullptr;
}

}  // namespace kontext
#endif
