#include "common/sha256.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/sha256_cpu.h"
#include "tests/common/sha256_vectors.h"
#include "tests/support/index_text.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

struct Named {
  const char* name;
  Sha256Blocks blocks;
};

// Those that this machine can run.
std::vector<Named> Implementations() {
  std::vector<Named> all = {{"portable", &Sha256Portable}, {"fastest", FastestSha256()}};
  if (CpuSha256() != nullptr) all.push_back({"cpu", CpuSha256()});
  return all;
}

Digest ByOpenSsl(const std::string& text) {
  Digest digest;
  EVP_Digest(text.data(), text.size(), digest.bytes, nullptr, EVP_sha256(), nullptr);
  return digest;
}

TEST(Sha256Test, NistVectors) {
  for (const Named& named : Implementations()) {
    for (const Sha256Vector& vector : kSha256Vectors) {
      SCOPED_TRACE(std::string(named.name) + ": " + vector.name);
      Sha256 sha(named.blocks);
      for (size_t i = 0; i < vector.repeat; ++i) {
        sha.Update(vector.text.data(), vector.text.size());
      }
      EXPECT_EQ(HexOf(sha.Finish()), vector.hex);
    }
  }
}

TEST(Sha256Test, EveryLengthAroundTheBlocksAgreesWithOpenSsl) {
  Random random;
  for (const Named& named : Implementations()) {
    for (size_t size = 0; size <= 260; ++size) {
      std::string text = random.Bytes(size);
      Sha256 sha(named.blocks);
      sha.Update(text.data(), text.size());
      ASSERT_EQ(HexOf(sha.Finish()), HexOf(ByOpenSsl(text))) << named.name << ", length " << size;
    }
  }
}

TEST(Sha256Test, RandomPiecesAgreeWithOpenSsl) {
  Random random;
  for (const Named& named : Implementations()) {
    for (int round = 0; round < 300; ++round) {
      std::string text = random.Bytes(random.Below(5000));
      Sha256 sha(named.blocks);
      for (size_t done = 0; done < text.size();) {
        size_t n = std::min(random.Below(200), text.size() - done);
        sha.Update(text.data() + done, n);
        done += n;
      }
      ASSERT_EQ(HexOf(sha.Finish()), HexOf(ByOpenSsl(text))) << named.name;
    }
  }
}

TEST(Sha256Test, TwoAtOnceAreTheSameAsOneAfterTheOther) {
  Sha256PairBlocks pair = CpuSha256Pair();
  if (pair == nullptr) GTEST_SKIP() << "this CPU has no faster way for two";
  Random random;
  for (size_t blocks = 0; blocks < 40; ++blocks) {
    std::string texts[] = {random.Bytes(64 * blocks), random.Bytes(64 * blocks)};
    uint32_t got[2][8];
    uint32_t want[2][8];
    const uint8_t* data[2];
    for (size_t i = 0; i < 2; ++i) {
      for (uint32_t& word : got[i]) word = static_cast<uint32_t>(random.Below(1U << 31));
      std::copy(got[i], got[i] + 8, want[i]);
      data[i] = reinterpret_cast<const uint8_t*>(texts[i].data());
      Sha256Portable(want[i], data[i], blocks);
    }
    uint32_t* const states[] = {got[0], got[1]};
    pair(states, data, blocks);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_TRUE(std::equal(got[i], got[i] + 8, want[i])) << blocks << " blocks, message " << i;
    }
  }
}

TEST(Sha256Test, HashOfIsTheWholeMessageAtOnce) { EXPECT_EQ(HashOf("abc", 3), ByOpenSsl("abc")); }

}  // namespace
}  // namespace kontext
