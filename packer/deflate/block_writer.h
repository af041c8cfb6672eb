// One block of a DEFLATE stream (RFC 1951, section 3.2.3), from what its bytes were parsed into.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "packer/deflate/bit_writer.h"
#include "packer/deflate/symbols.h"

namespace kontext {

// A token is up to two literals, or up to one literal and then a match. All of them are written
// alike: what is not there has a code of no bits. To tell the kinds apart would cost more, as it
// cannot be foretold.
struct Token {
  uint16_t first;        // a literal, or kNothing
  uint16_t second;       // a literal, or kMatch and its length, or kNothing
  uint16_t symbol;       // of the match's distance, or kNoDistance
  uint16_t beyond_base;  // by how much the distance is above its symbol's base
};

inline constexpr unsigned kMatch = 256;
inline constexpr unsigned kNothing = kMatch + kMaxMatch + 1;
inline constexpr unsigned kNoDistance = kDistanceSymbols;

// The tokens of one block and how often each thing occurs in them.
class Tokens {
 public:
  // At most `room` are added.
  explicit Tokens(size_t room) : room_(room) { Clear(); }
  Tokens(const Tokens&) = delete;
  Tokens& operator=(const Tokens&) = delete;

  void Clear();
  void AddLiterals(uint8_t first, uint8_t second) {
    ++literals_[0][first];
    ++literals_[1][second];
    *end_++ = {first, second, kNoDistance, 0};
  }
  void AddLiteral(uint8_t literal) {
    ++literals_[0][literal];
    *end_++ = {literal, kNothing, kNoDistance, 0};
  }
  // `has_literal`: `literal` comes first.
  void AddMatch(bool has_literal, uint8_t literal, unsigned length, unsigned distance) {
    literals_[0][literal] += has_literal ? 1 : 0;
    ++lengths_[length];
    unsigned symbol = DistanceSymbol(distance);
    ++distances_[symbol];
    *end_++ = {static_cast<uint16_t>(has_literal ? literal : kNothing),
               static_cast<uint16_t>(kMatch + length), static_cast<uint16_t>(symbol),
               static_cast<uint16_t>(distance - kDistances[symbol].base)};
  }

  std::span<const Token> all() const { return {room_.data(), end_}; }
  // How often each symbol is written for them, and kEndOfBlock behind them.
  std::array<uint32_t, kLiteralSymbols> LiteralCounts() const;
  const std::array<uint32_t, kDistanceSymbols>& distance_counts() const { return distances_; }

 private:
  std::vector<Token> room_;
  Token* end_ = nullptr;
  // Two, as adding to what was just added to has to wait.
  std::array<std::array<uint32_t, 256>, 2> literals_;
  std::array<uint32_t, kMaxMatch + 1> lengths_;
  std::array<uint32_t, kDistanceSymbols> distances_;
};

// The most bytes that a block of `size` bytes can become.
size_t MaxBlockSize(size_t size);

// Writes the tokens with codes made for them, or, when that would be longer than MaxBlockSize, the
// `bytes` that they stand for as they are.
void WriteBlock(const Tokens& tokens, std::string_view bytes, bool last, BitWriter* out);

}  // namespace kontext
