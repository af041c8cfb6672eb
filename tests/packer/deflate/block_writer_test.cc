#include "packer/deflate/block_writer.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace kontext {
namespace {

std::string Inflate(const uint8_t* packed, size_t size, size_t to) {
  z_stream stream = {};
  EXPECT_EQ(inflateInit2(&stream, -MAX_WBITS), Z_OK);
  std::string out(to + 1, '\0');
  stream.next_in = const_cast<Bytef*>(packed);
  stream.avail_in = static_cast<uInt>(size);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

// The longest codes that there are, with the most bits behind them, in one token: a literal and a
// match, each so rare among others that its code meets the limit.
TEST(BlockWriterTest, TokensOfTheMostBits) {
  constexpr size_t kRoom = 200000;
  Tokens tokens(kRoom);
  std::string text;
  auto literal = [&](char c) {
    tokens.AddLiteral(static_cast<uint8_t>(c));
    text += c;
  };
  auto match = [&](bool has_literal, char c, unsigned length, unsigned distance) {
    if (has_literal) text += c;
    tokens.AddMatch(has_literal, static_cast<uint8_t>(c), length, distance);
    for (unsigned i = 0; i < length; ++i) text += text[text.size() - distance];
  };
  // Literals and distances as rare as Fibonacci's numbers.
  for (size_t a = 1, b = 1, c = 'a'; c < 'a' + 22; ++c, b += std::exchange(a, b)) {
    for (size_t i = 0; i < b; ++i) literal(static_cast<char>(c));
  }
  ASSERT_GT(text.size(), kWindow);
  for (size_t a = 1, b = 1, symbol = 28; symbol > 6; --symbol, b += std::exchange(a, b)) {
    for (size_t i = 0; i < b; ++i) match(false, 0, 3, kDistances[symbol].base);
  }
  // Each at another bit of a byte.
  for (unsigned i = 0; i < 8; ++i) {
    constexpr unsigned kLengthsWith5Bits[] = {162, 194, 226, 257};
    match(true, static_cast<char>('A' + i), kLengthsWith5Bits[i % 4], kWindow - i);
    literal('a' + 21);
  }
  auto out = std::make_unique<uint8_t[]>(MaxBlockSize(text.size()) + sizeof(uint64_t));
  BitWriter writer(out.get());
  WriteBlock(tokens, text, true, &writer);
  writer.Align();
  EXPECT_TRUE(Inflate(out.get(), static_cast<size_t>(writer.end() - out.get()), text.size()) ==
              text);
}

}  // namespace
}  // namespace kontext
