#include "packer/pack/decompress.h"

#include <gtest/gtest.h>

#include <string>

#include "packer/error.h"
#include "tests/support/gunzip.h"
#include "tests/support/random.h"
#include "tests/support/zstd_text.h"

namespace kontext {
namespace {

std::string Unpack(std::string_view packed, size_t piece, size_t enough = SIZE_MAX) {
  Decompressor decompressor;
  std::string out;
  auto sink = [&](std::string_view bytes) {
    out += bytes;
    return out.size() < enough;
  };
  for (; !packed.empty(); packed.remove_prefix(std::min(piece, packed.size()))) {
    if (!decompressor.Feed(packed.substr(0, piece), sink)) return out;
  }
  decompressor.Finish();
  return out;
}

using Packer = std::string (*)(std::string_view);
constexpr Packer kPackers[] = {&Gzip, &Zstd};

TEST(DecompressTest, MembersInAnyPieces) {
  Random random;
  std::string text = random.Text(300000, "abcd");
  for (Packer pack : kPackers) {
    std::string packed = pack(text.substr(0, 1000)) + pack("") + pack(text.substr(1000));
    for (size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{5000}, packed.size()}) {
      EXPECT_TRUE(Unpack(packed, piece) == text) << piece;
    }
  }
}

TEST(DecompressTest, PlainBytesAsTheyAre) {
  EXPECT_EQ(Unpack("not packed at all", 1), "not packed at all");
}

TEST(DecompressTest, StopsWhenToldTo) {
  std::string text(10 << 20, 'x');
  for (const std::string& packed : {Gzip(text), Zstd(text), text}) {
    EXPECT_LT(Unpack(packed, packed.size(), 1).size(), size_t{1} << 20);
  }
}

TEST(DecompressTest, AnyCutIsNoticed) {
  for (Packer pack : kPackers) {
    std::string packed = pack("some text") + pack("and more");
    size_t whole = pack("some text").size();
    for (size_t size = 0; size < packed.size(); ++size) {
      if (size == whole) continue;
      EXPECT_THROW(Unpack(packed.substr(0, size), 4), Error) << size;
    }
  }
}

TEST(DecompressTest, SaysWhatItCannotRead) {
  try {
    Unpack("\x28\xb5\x2f\xfd and so on", 3);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("zstd"), std::string::npos);
  }
  EXPECT_THROW(Unpack("\x1f\x8bnot really", 3), Error);
}

}  // namespace
}  // namespace kontext
