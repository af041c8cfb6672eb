#include "packer/deflate/deflate_encoder.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace kontext {
namespace {

// A table that stays in a core's own caches with the window. Kernel source: half of it, 1 % faster
// and 0.7 % more bytes.
constexpr unsigned kHashBits = 15;
// What is looked up. Shorter matches are rarely worth it: of 4 bytes, 1.3 % more bytes.
constexpr unsigned kMinMatch = 5;
// Of the input, a block. Half of it: 5 % slower, for the making of codes; twice: 2 % faster, 0.1 %
// more bytes.
constexpr size_t kBlock = size_t{128} << 10;
// The end of the input is not looked at: words are read at a match's last byte, too.
constexpr size_t kWord = sizeof(uint64_t);
constexpr size_t kTail = 2 * kWord;
// After 2^this bytes without a match, ever more are taken without a look: data that was packed
// before. With 6 as fast, and what comes again in such data is found later.
constexpr unsigned kPatienceBits = 8;

uint64_t Load(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Of the first kMinMatch of the bytes. The multiplier is the prime near 2^64 over the golden ratio.
unsigned Hash(uint64_t bytes) {
  constexpr uint64_t kMultiplier = 0x9E3779B185EBCA87 << (64 - 8 * kMinMatch);
  return static_cast<unsigned>(bytes * kMultiplier >> (64 - kHashBits));
}

// How many of the first bytes are 0, up to kLook.
constexpr unsigned kLook = kWord;
unsigned ZeroBytes(uint64_t bytes) { return static_cast<unsigned>(std::countr_zero(bytes)) / 8; }

// Of a match of at least kLook bytes, which ends at `end` at the latest.
unsigned MatchLength(const uint8_t* match, size_t distance, const uint8_t* end) {
  end = match + std::min<size_t>(end - match, kMaxMatch);
  const uint8_t* p = match + kLook;
  for (; p + kWord <= end; p += kWord) {
    uint64_t differ = Load(p) ^ Load(p - distance);
    if (differ != 0) return static_cast<unsigned>(p - match) + ZeroBytes(differ);
  }
  while (p < end && *p == *(p - distance)) ++p;
  return static_cast<unsigned>(p - match);
}

// Where the same bytes were before, and how many of them, up to kLook.
struct Found {
  unsigned distance;  // of no meaning if the length is 0
  unsigned length;
};

// The positions that are known.
class Finder {
 public:
  Finder(const uint8_t* input, uint16_t* positions) : input_(input), positions_(positions) {}

  // Of the position's bytes; remembers the position.
  Found Find(const uint8_t* at) {
    uint64_t bytes = Load(at);
    uint16_t* last = &positions_[Hash(bytes)];
    auto position = static_cast<uint16_t>(at - input_);
    // At least the one that was remembered, or the input's beginning, is as far back.
    unsigned distance = static_cast<uint16_t>(position - *last);
    *last = position;
    // 0 or too far makes the first byte differ.
    uint64_t differ = (bytes ^ Load(at - distance)) | (distance - 1) / kWindow;
    return {distance, ZeroBytes(differ)};
  }

  void Remember(const uint8_t* at) {
    positions_[Hash(Load(at))] = static_cast<uint16_t>(at - input_);
  }

  // Of a match some: of those at its ends others match most often. All of them: a fifth slower,
  // 0.7 % fewer bytes.
  void RememberMatch(const uint8_t* match, const uint8_t* end) {
    Remember(match + 2);
    Remember(match + 3);
    Remember(match + 4);
    Remember(end - 4);
    Remember(end - 3);
    Remember(end - 2);
    Remember(end - 1);
  }

 private:
  const uint8_t* input_;
  uint16_t* positions_;
};

}  // namespace

DeflateEncoder::DeflateEncoder()
    : positions_(size_t{1} << kHashBits), tokens_(kBlock / 2 + kTail) {}

// Each block but the last is of kBlock bytes or more.
size_t DeflateEncoder::Bound(size_t size) {
  return (size / kBlock + 1) * MaxBlockSize(0) + MaxBlockSize(size) + kWord;
}

size_t DeflateEncoder::Encode(std::string_view input, uint8_t* out) {
  std::fill(positions_.begin(), positions_.end(), 0);
  BitWriter writer(out);
  size_t begin = 0;
  do {
    size_t end = Parse(input, begin);
    WriteBlock(tokens_, input.substr(begin, end - begin), end == input.size(), &writer);
    begin = end;
  } while (begin < input.size());
  writer.Align();
  return static_cast<size_t>(writer.end() - out);
}

// Two positions at once, of which the longer match is taken: that what is at them is unknown costs
// once, and it finds most of what a match put off by one byte would.
size_t DeflateEncoder::Parse(std::string_view input, size_t begin) {
  const auto* first = reinterpret_cast<const uint8_t*>(input.data());
  const uint8_t* end = first + input.size();
  const uint8_t* at = first + begin;
  const uint8_t* tail = end - std::min<size_t>(end - at, kTail);
  const uint8_t* stop = at + std::min<size_t>(tail - at, kBlock);
  Finder finder(first, positions_.data());
  tokens_.Clear();
  unsigned in_vain = 0;
  while (at < stop) {
    const Found here = finder.Find(at), next = finder.Find(at + 1);
    unsigned length = std::max(here.length, next.length);
    if (length < kMinMatch) {
      tokens_.AddLiterals(at[0], at[1]);
      at += 2;
      in_vain += 2;
      for (unsigned more = in_vain >> kPatienceBits; more > 0 && at < stop; --more, at += 2) {
        tokens_.AddLiterals(at[0], at[1]);
      }
      continue;
    }
    in_vain = 0;
    const bool put_off = next.length > here.length;
    const unsigned distance = put_off ? next.distance : here.distance;
    const uint8_t literal = *at;
    at += put_off ? 1 : 0;
    if (length == kLook) length = MatchLength(at, distance, end - kWord);
    tokens_.AddMatch(put_off, literal, length, distance);
    finder.RememberMatch(at, at + length);
    at += length;
  }
  while (at >= tail && at < end) tokens_.AddLiteral(*at++);
  return static_cast<size_t>(at - first);
}

}  // namespace kontext
