#include "packer/deflate/deflate_encoder.h"

#include <gtest/gtest.h>
#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/index_text.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

constexpr size_t kBlock = 1 << 17;  // what the encoder makes a block of
constexpr size_t kMiB = 1 << 20;

// Of memory of the exact sizes, so that a sanitizer sees what is read or written beyond.
std::string Deflate(DeflateEncoder* encoder, std::string_view input) {
  auto in = std::make_unique<char[]>(input.size());
  std::copy(input.begin(), input.end(), in.get());
  auto out = std::make_unique<uint8_t[]>(DeflateEncoder::Bound(input.size()));
  size_t size = encoder->Encode({in.get(), input.size()}, out.get());
  EXPECT_LE(size, DeflateEncoder::Bound(input.size()));
  return {out.get(), out.get() + size};
}

// By zlib; what it says is the end has to be the end.
bool Inflates(std::string_view packed, std::string_view to) {
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  std::string out(to.size() + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  int result = inflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  bool whole = result == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  return whole && out == to;
}

bool LibdeflateInflates(std::string_view packed, std::string_view to) {
  std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> decompressor(
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  std::string out(to.size() + 1, '\0');
  size_t used = 0, size = 0;
  libdeflate_result result = libdeflate_deflate_decompress_ex(
      decompressor.get(), packed.data(), packed.size(), out.data(), out.size(), &used, &size);
  return result == LIBDEFLATE_SUCCESS && used == packed.size() && out.substr(0, size) == to;
}

// Words again and again, with a little noise between.
std::string Prose(Random* random, size_t size) {
  std::vector<std::string> words(200);
  for (std::string& word : words) {
    word = random->Text(1 + random->Below(12), "abcdefghijklmnopqrstuvwxyz_") + " ";
  }
  std::string text;
  while (text.size() < size) {
    text += random->Percent(2) ? random->Bytes(random->Below(40)) : words[random->Below(200)];
  }
  text.resize(size);
  return text;
}

// What comes again after `period` bytes.
std::string Periodic(Random* random, size_t period, size_t size) {
  std::string bytes = random->Bytes(std::min(period, size));
  while (bytes.size() < size) bytes += bytes.substr(0, size - bytes.size());
  return bytes;
}

TEST(DeflateEncoderTest, InflatesToWhatWentIn) {
  Random random;
  DeflateEncoder encoder;
  EXPECT_TRUE(Inflates(Deflate(&encoder, {}), ""));
  auto check = [&](std::string_view input, std::string_view what) {
    std::string packed = Deflate(&encoder, input);
    EXPECT_TRUE(Inflates(packed, input)) << what << " " << input.size();
    EXPECT_TRUE(LibdeflateInflates(packed, input)) << what << " " << input.size();
  };
  for (size_t size = 0; size <= 80; ++size) {
    check(random.Bytes(size), "bytes");
    check(std::string(size, '\0'), "zeros");
    check(random.Text(size, "ab"), "two letters");
  }
  for (size_t size : {kBlock - 1, kBlock, kBlock + 1, kBlock + 15, kBlock + 16, kBlock + 17,
                      2 * kBlock, kMiB - 1, kMiB}) {
    check(random.Bytes(size), "bytes");
    check(std::string(size, 'x'), "one letter");
    check(random.Text(size, "abcd"), "four letters");
    check(Prose(&random, size), "prose");
  }
  // The window's end, and where the positions that are kept begin anew.
  for (size_t period : {1, 2, 7, 8, 257, 258, 259, 32767, 32768, 32769, 65535, 65536, 65537}) {
    check(Periodic(&random, period, 3 * kBlock), "period " + std::to_string(period));
  }
}

TEST(DeflateEncoderTest, RandomInputs) {
  Random random;
  DeflateEncoder encoder;
  for (int i = 0; i < 100; ++i) {
    std::string input;
    for (size_t parts = random.Below(6); parts > 0; --parts) {
      size_t size = random.Below(random.Percent(20) ? 2 * kBlock : 2000);
      switch (random.Below(5)) {
        case 0:
          input += random.Bytes(size);
          break;
        case 1:
          input += std::string(size, static_cast<char>(random.Bits()));
          break;
        case 2:
          input += random.Text(size, "0123456789abcdef");
          break;
        case 3:
          input += Prose(&random, size);
          break;
        default:
          input += Periodic(&random, 1 + random.Below(70000), size);
      }
    }
    std::string packed = Deflate(&encoder, input);
    EXPECT_TRUE(Inflates(packed, input)) << i;
    EXPECT_EQ(packed, Deflate(&encoder, input)) << i << ": it depends on what came before";
  }
}

// Symbols as rare as can be: the codes' lengths meet their limit.
TEST(DeflateEncoderTest, CountsThatRiseLikeFibonaccis) {
  Random random;
  std::string input;
  size_t a = 1, b = 1;
  for (char symbol = 0; symbol < 22; ++symbol) {
    input.append(a, symbol);
    b += std::exchange(a, b);
  }
  // No five of them in a row: no matches.
  for (size_t i = input.size(); i > 1; --i) std::swap(input[i - 1], input[random.Below(i)]);
  DeflateEncoder encoder;
  EXPECT_TRUE(Inflates(Deflate(&encoder, input), input));
}

TEST(DeflateEncoderTest, SmallEnough) {
  Random random;
  DeflateEncoder encoder;
  std::string bytes = random.Bytes(kMiB);
  EXPECT_LE(Deflate(&encoder, bytes).size(), kMiB + kMiB / 4096) << "kept as they are";
  EXPECT_LE(Deflate(&encoder, std::string(kMiB, '\0')).size(), kMiB / 500);
  // That data was packed before is no reason to miss what comes again, or what else follows.
  std::string twice = random.Bytes(20000);
  EXPECT_LE(Deflate(&encoder, twice + twice).size(), 20000 + 2000U);
  EXPECT_LE(Deflate(&encoder, twice + std::string(20000, 'x')).size(), 20000 + 500U);
  std::string prose = Prose(&random, kMiB);
  uLongf size = compressBound(prose.size());
  std::string fast(size, '\0');
  ASSERT_EQ(compress2(reinterpret_cast<Bytef*>(fast.data()), &size,
                      reinterpret_cast<const Bytef*>(prose.data()), prose.size(), 1),
            Z_OK);
  EXPECT_LE(Deflate(&encoder, prose).size(), size) << "zlib's first level";
}

// Images of the same tree are the same everywhere: what this becomes is not changed lightly, and
// never by the machine.
TEST(DeflateEncoderTest, Golden) {
  std::string input;
  uint64_t state = 1;
  auto next = [&state](uint64_t below) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % below;
  };
  while (input.size() < 300000) {
    size_t size = input.size();
    if (size > 100 && next(3) > 0) {
      size_t from = size - 1 - next(std::min<size_t>(size - 1, 40000));
      input += input.substr(from, 3 + next(60));
    } else {
      for (size_t i = next(8) + 1; i > 0; --i) input += static_cast<char>('a' + next(26));
    }
  }
  DeflateEncoder encoder;
  std::string packed = Deflate(&encoder, input);
  EXPECT_TRUE(Inflates(packed, input));
  EXPECT_EQ(packed.size(), 66928U);
  EXPECT_EQ(HexOf(Sha(packed)), "2c83dc7e146c59219e5423105ab79c81cbb28bf2c3acae60405e25d593a4a64e");
}

}  // namespace
}  // namespace kontext
