#include "common/sha256.h"

#include <string.h>

#include "common/sha256_cpu.h"

namespace kontext {

// FIPS 180-4, 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64
// primes.
const uint32_t kSha256Rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

namespace {

uint32_t RotateRight(uint32_t x, int n) { return x >> n | x << (32 - n); }

uint32_t BigEndian(const uint8_t* p) {
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | uint32_t{p[3]};
}

void OneBlock(uint32_t state[8], const uint8_t* data) {
  uint32_t w[64];
  for (int i = 0; i < 16; ++i) w[i] = BigEndian(data + 4 * i);
  for (int i = 16; i < 64; ++i) {
    uint32_t a = w[i - 15];
    uint32_t b = w[i - 2];
    uint32_t s0 = RotateRight(a, 7) ^ RotateRight(a, 18) ^ a >> 3;
    uint32_t s1 = RotateRight(b, 17) ^ RotateRight(b, 19) ^ b >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  uint32_t v[8];
  memcpy(v, state, sizeof(v));
  for (int i = 0; i < 64; ++i) {
    uint32_t s1 = RotateRight(v[4], 6) ^ RotateRight(v[4], 11) ^ RotateRight(v[4], 25);
    uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
    uint32_t t1 = v[7] + s1 + choice + kSha256Rounds[i] + w[i];
    uint32_t s0 = RotateRight(v[0], 2) ^ RotateRight(v[0], 13) ^ RotateRight(v[0], 22);
    uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
    memmove(v + 1, v, 7 * sizeof(v[0]));
    v[4] += t1;
    v[0] = t1 + s0 + majority;
  }
  for (int i = 0; i < 8; ++i) state[i] += v[i];
}

}  // namespace

void Sha256Portable(uint32_t state[8], const uint8_t* data, size_t blocks) {
  for (; blocks > 0; --blocks, data += 64) OneBlock(state, data);
}

Sha256Blocks FastestSha256() {
  // Kept, as a hypervisor traps the question: asking anew for each small file of a tree took half
  // of the CPU time. All threads get the same answer, so it does not matter which one keeps it.
  static Sha256Blocks known = nullptr;
  Sha256Blocks blocks = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (blocks != nullptr) return blocks;
  blocks = CpuSha256();
  if (blocks == nullptr) blocks = &Sha256Portable;
  __atomic_store_n(&known, blocks, __ATOMIC_RELAXED);
  return blocks;
}

Sha256::Sha256(Sha256Blocks blocks)
    : blocks_(blocks), state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {}

void Sha256::Update(const void* data, size_t size) {
  const uint8_t* next = static_cast<const uint8_t*>(data);
  size_t held = length_ % 64;
  length_ += size;
  if (held > 0) {
    size_t take = size < 64 - held ? size : 64 - held;
    memcpy(pending_ + held, next, take);
    next += take;
    size -= take;
    if (held + take < 64) return;
    blocks_(state_, pending_, 1);
  }
  if (size >= 64) {
    blocks_(state_, next, size / 64);
    next += size / 64 * 64;
    size %= 64;
  }
  if (size > 0) memcpy(pending_, next, size);
}

Digest Sha256::Finish() {
  uint64_t bits = length_ * 8;
  uint8_t padding[72] = {0x80};
  size_t zeros = (119 - length_ % 64) % 64;
  for (int i = 0; i < 8; ++i) {
    padding[1 + zeros + static_cast<size_t>(i)] = static_cast<uint8_t>(bits >> (56 - 8 * i));
  }
  Update(padding, 1 + zeros + 8);
  Digest digest;
  for (size_t i = 0; i < Digest::kBytes; ++i) {
    digest.bytes[i] = static_cast<uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
  }
  return digest;
}

}  // namespace kontext
