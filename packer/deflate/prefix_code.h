// Length-limited prefix codes: Huffman's, as DEFLATE has them (RFC 1951, section 3.2.2). Pure: the
// same counts give the same code on any machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kontext {

// A code as it is put into a stream, first bit lowest. A symbol that does not occur has length 0.
struct Codeword {
  uint32_t bits = 0;
  uint32_t length = 0;
};

inline constexpr size_t kMaxSymbols = 288;
inline constexpr unsigned kMaxCodeLength = 15;

// Chooses the length of each symbol's code, at most `limit`, which is at most kMaxCodeLength, so
// that what was counted takes few bits: the fewest but where the limit matters. The code is
// complete: where fewer than two symbols occur, others get one bit as well, as some readers want
// it. 2 to kMaxSymbols counts, at most 2^limit of them above 0, their sum below 2^32.
void ChooseLengths(std::span<const uint32_t> counts, unsigned limit, std::span<uint8_t> lengths);

// The canonical code of these lengths, which are at most kMaxCodeLength.
void AssignCodes(std::span<const uint8_t> lengths, std::span<Codeword> codes);

}  // namespace kontext
