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

// Folds `blocks` blocks into each of N states. SHA256RNDS2 waits for the one before it: another
// message's rounds take place meanwhile.
template <int N>
KONTEXT_SHA inline void Fold(uint32_t* const states[N], const uint8_t* const data[N],
                             size_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  __m128i abef[N];
  __m128i cdgh[N];
  for (int n = 0; n < N; ++n) {
    const __m128i* words = reinterpret_cast<const __m128i*>(states[n]);
    __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xb1);
    __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1b);
    abef[n] = _mm_alignr_epi8(badc, hgfe, 8);
    cdgh[n] = _mm_blend_epi16(hgfe, badc, 0xf0);
  }
  for (size_t block = 0; block < blocks; ++block) {
    __m128i abef_before[N];
    __m128i cdgh_before[N];
    __m128i w[N][4];
#pragma GCC unroll 2
    for (int n = 0; n < N; ++n) {
      abef_before[n] = abef[n];
      cdgh_before[n] = cdgh[n];
      const __m128i* from = reinterpret_cast<const __m128i*>(data[n] + 64 * block);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) w[n][i] = _mm_shuffle_epi8(_mm_loadu_si128(from + i), swap);
    }
#pragma GCC unroll 4
    for (int round = 0; round < 64; round += 16) {
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
#pragma GCC unroll 2
        for (int n = 0; n < N; ++n) {
          __m128i* m = w[n];
          FourRounds(&abef[n], &cdgh[n], m[i], round + 4 * i);
          if (round < 48) m[i] = NextWords(m[i], m[(i + 1) % 4], m[(i + 2) % 4], m[(i + 3) % 4]);
        }
      }
    }
    for (int n = 0; n < N; ++n) {
      abef[n] = _mm_add_epi32(abef[n], abef_before[n]);
      cdgh[n] = _mm_add_epi32(cdgh[n], cdgh_before[n]);
    }
  }
  for (int n = 0; n < N; ++n) {
    __m128i* words = reinterpret_cast<__m128i*>(states[n]);
    __m128i feba = _mm_shuffle_epi32(abef[n], 0x1b);
    __m128i dchg = _mm_shuffle_epi32(cdgh[n], 0xb1);
    _mm_storeu_si128(words, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, feba, 8));
  }
}

KONTEXT_SHA void Blocks(uint32_t state[8], const uint8_t* data, size_t blocks) {
  uint32_t* const states[] = {state};
  const uint8_t* const datas[] = {data};
  Fold<1>(states, datas, blocks);
}

KONTEXT_SHA void PairBlocks(uint32_t* const states[2], const uint8_t* const data[2],
                            size_t blocks) {
  Fold<2>(states, data, blocks);
}

}  // namespace

Sha256Blocks CpuSha256() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_SSE4_1) == 0) return nullptr;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return nullptr;
  constexpr unsigned kSha = 1U << 29;
  return (b & kSha) != 0 ? &Blocks : nullptr;
}

Sha256PairBlocks CpuSha256Pair() { return CpuSha256() != nullptr ? &PairBlocks : nullptr; }

}  // namespace kontext
#endif
