// The symbols that stand for lengths and distances (RFC 1951, section 3.2.5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kontext {

inline constexpr unsigned kMaxMatch = 258;
inline constexpr unsigned kWindow = 32768;

inline constexpr unsigned kEndOfBlock = 256;
inline constexpr unsigned kFirstLength = 257;  // the symbol
inline constexpr size_t kLiteralSymbols = 286;
inline constexpr size_t kDistanceSymbols = 30;

// What a symbol stands for: the numbers from `base` on that differ from it in the lowest bits.
struct Range {
  uint16_t base = 0;
  uint8_t extra_bits = 0;
};

// One of them starts at `first`; 2^`group_bits` of them have as many extra bits each, beginning
// with two such groups of none.
template <size_t kSize>
constexpr std::array<Range, kSize> MakeRanges(unsigned first, unsigned group_bits) {
  std::array<Range, kSize> ranges;
  for (size_t i = 0; i < kSize; ++i) {
    size_t group = i >> group_bits;
    auto extra = static_cast<uint8_t>(group < 2 ? 0 : group - 1);
    ranges[i] = {static_cast<uint16_t>(first), extra};
    first += 1U << extra;
  }
  return ranges;
}

constexpr std::array<Range, 29> MakeLengths() {
  std::array<Range, 29> lengths = MakeRanges<29>(3, 2);
  lengths[28] = {kMaxMatch, 0};
  return lengths;
}

inline constexpr std::array<Range, 29> kLengths = MakeLengths();  // of kFirstLength and so on
inline constexpr std::array<Range, kDistanceSymbols> kDistances =
    MakeRanges<kDistanceSymbols>(1, 1);

// Which of the ranges each length is in.
constexpr std::array<uint8_t, kMaxMatch + 1> MakeLengthRanges() {
  std::array<uint8_t, kMaxMatch + 1> of{};
  size_t range = 0;
  for (size_t length = kLengths[0].base; length <= kMaxMatch; ++length) {
    if (range + 1 < kLengths.size() && length >= kLengths[range + 1].base) ++range;
    of[length] = static_cast<uint8_t>(range);
  }
  return of;
}

inline constexpr std::array<uint8_t, kMaxMatch + 1> kRangesOfLengths = MakeLengthRanges();

// The symbols of the distances to 256, then of those beyond, by 128.
constexpr std::array<uint8_t, 512> MakeDistanceSymbols() {
  std::array<uint8_t, 512> symbols{};
  size_t symbol = 0;
  for (unsigned i = 0; i < kWindow; i += i < 256 ? 1 : 128) {
    if (symbol + 1 < kDistanceSymbols && i + 1 >= kDistances[symbol + 1].base) ++symbol;
    symbols[i < 256 ? i : 256 + (i >> 7)] = static_cast<uint8_t>(symbol);
  }
  return symbols;
}

inline constexpr std::array<uint8_t, 512> kSymbolsOfDistances = MakeDistanceSymbols();

// `distance`: 1 to kWindow. Which of the halves it is in cannot be foretold: no branch.
inline unsigned DistanceSymbol(unsigned distance) {
  unsigned i = distance - 1;
  unsigned far = 0U - static_cast<unsigned>(i > 255);
  return kSymbolsOfDistances[(i & ~far) | ((256 + (i >> 7)) & far)];
}

}  // namespace kontext
