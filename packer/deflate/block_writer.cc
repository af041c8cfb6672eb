#include "packer/deflate/block_writer.h"

#include <algorithm>
#include <array>
#include <span>

#include "packer/deflate/prefix_code.h"

namespace kontext {
namespace {

// A token is written at once, of 56 bits at most: two codes of literals and lengths, 5 more bits of
// a length, the code of a distance and its 13 more.
constexpr unsigned kMaxLiteralBits = 12;
constexpr unsigned kMaxDistanceBits = 14;
static_assert(2 * kMaxLiteralBits + 5 + kMaxDistanceBits + 13 <= 56);

constexpr size_t kMaxStored = 65535;

// How the lengths of the codes are told (RFC 1951, section 3.2.7): by a code of their own, with
// repetitions.
constexpr size_t kLengthSymbols = 19;
constexpr unsigned kMaxLengthBits = 7;
constexpr std::array<uint8_t, kLengthSymbols> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                        11, 4,  12, 3, 13, 2, 14, 1, 15};
struct Repetition {
  uint8_t symbol, base, extra_bits;
  size_t max;
};
constexpr Repetition kLastAgain = {16, 3, 2, 6};
constexpr Repetition kFewZeros = {17, 3, 3, 10};
constexpr Repetition kManyZeros = {18, 11, 7, 138};

class Header {
 public:
  Header() = default;
  Header(std::span<const uint8_t> literals, std::span<const uint8_t> distances);

  size_t bits() const;
  void Write(BitWriter* out) const;

 private:
  struct Item {
    uint8_t symbol, extra, extra_bits;
  };

  void Add(uint8_t symbol, uint8_t extra = 0, uint8_t extra_bits = 0) {
    items_[size_++] = {symbol, extra, extra_bits};
    ++counts_[symbol];
  }
  void AddRun(uint8_t length, size_t count);
  // As often as this repetition takes of `count`; returns what is left.
  size_t Repeat(const Repetition& how, size_t count);

  size_t literals_ = 0, distances_ = 0;
  std::array<Item, kLiteralSymbols + kDistanceSymbols> items_;
  size_t size_ = 0;
  std::array<uint32_t, kLengthSymbols> counts_{};
  std::array<uint8_t, kLengthSymbols> lengths_{};
  size_t told_ = kLengthSymbols;  // of kOrder
};

size_t WithoutZeros(std::span<const uint8_t> lengths, size_t at_least) {
  size_t size = lengths.size();
  while (size > at_least && lengths[size - 1] == 0) --size;
  return size;
}

Header::Header(std::span<const uint8_t> literals, std::span<const uint8_t> distances)
    : literals_(WithoutZeros(literals, kFirstLength)), distances_(WithoutZeros(distances, 1)) {
  std::array<uint8_t, kLiteralSymbols + kDistanceSymbols> all;
  std::copy_n(distances.begin(), distances_, std::copy_n(literals.begin(), literals_, all.begin()));
  const auto* end = all.data() + literals_ + distances_;
  for (const uint8_t* run = all.data(); run < end;) {
    const uint8_t* next = std::find_if(run, end, [run](uint8_t length) { return length != *run; });
    AddRun(*run, static_cast<size_t>(next - run));
    run = next;
  }
  ChooseLengths(counts_, kMaxLengthBits, lengths_);
  while (told_ > 4 && lengths_[kOrder[told_ - 1]] == 0) --told_;
}

size_t Header::Repeat(const Repetition& how, size_t count) {
  while (count >= how.base) {
    size_t n = std::min(count, how.max);
    Add(how.symbol, static_cast<uint8_t>(n - how.base), how.extra_bits);
    count -= n;
  }
  return count;
}

void Header::AddRun(uint8_t length, size_t count) {
  if (length == 0) {
    count = Repeat(kFewZeros, Repeat(kManyZeros, count));
  } else {
    Add(length);
    count = Repeat(kLastAgain, count - 1);
  }
  for (; count > 0; --count) Add(length);
}

size_t Header::bits() const {
  size_t bits = 5 + 5 + 4 + 3 * told_;
  for (size_t i = 0; i < size_; ++i) bits += lengths_[items_[i].symbol] + items_[i].extra_bits;
  return bits;
}

void Header::Write(BitWriter* out) const {
  std::array<Codeword, kLengthSymbols> codes;
  AssignCodes(lengths_, codes);
  out->Put(literals_ - kFirstLength, 5);
  out->Put(distances_ - 1, 5);
  out->Put(told_ - 4, 4);
  for (size_t i = 0; i < told_; ++i) out->Put(lengths_[kOrder[i]], 3);
  for (size_t i = 0; i < size_; ++i) {
    out->Put(codes[items_[i].symbol]);
    out->Put(items_[i].extra, items_[i].extra_bits);
  }
}

// The codes of a block's symbols.
class BlockCodes {
 public:
  explicit BlockCodes(const Tokens& tokens);

  const Header& header() const { return header_; }
  // What the tokens take, with their end.
  size_t bits() const;
  void Write(const Tokens& tokens, BitWriter* out) const;

 private:
  std::array<uint32_t, kLiteralSymbols> literal_counts_;
  std::array<uint32_t, kDistanceSymbols> distance_counts_;
  std::array<uint8_t, kLiteralSymbols> literal_lengths_;
  std::array<uint8_t, kDistanceSymbols> distance_lengths_;
  Header header_;
};

BlockCodes::BlockCodes(const Tokens& tokens)
    : literal_counts_(tokens.LiteralCounts()), distance_counts_(tokens.distance_counts()) {
  ChooseLengths(literal_counts_, kMaxLiteralBits, literal_lengths_);
  ChooseLengths(distance_counts_, kMaxDistanceBits, distance_lengths_);
  header_ = Header(literal_lengths_, distance_lengths_);
}

size_t BlockCodes::bits() const {
  size_t bits = 0;
  for (size_t i = 0; i < literal_counts_.size(); ++i) {
    unsigned extra = i < kFirstLength ? 0 : kLengths[i - kFirstLength].extra_bits;
    bits += size_t{literal_counts_[i]} * (literal_lengths_[i] + extra);
  }
  for (size_t i = 0; i < distance_counts_.size(); ++i) {
    bits += size_t{distance_counts_[i]} * (distance_lengths_[i] + kDistances[i].extra_bits);
  }
  return bits;
}

void BlockCodes::Write(const Tokens& tokens, BitWriter* out) const {
  std::array<Codeword, kLiteralSymbols> literals;
  AssignCodes(literal_lengths_, literals);
  // As in a Token: of a literal, of kMatch and a length with the bits that follow it, of kNothing.
  std::array<Codeword, kNothing + 1> codes{};
  std::copy_n(literals.begin(), kMatch, codes.begin());
  for (unsigned length = kLengths[0].base; length <= kMaxMatch; ++length) {
    size_t range = kRangesOfLengths[length];
    const Codeword& code = literals[kFirstLength + range];
    codes[kMatch + length] = {code.bits | (length - kLengths[range].base) << code.length,
                              code.length + kLengths[range].extra_bits};
  }
  std::array<Codeword, kDistanceSymbols + 1> distances{};  // the last: of kNoDistance
  AssignCodes(distance_lengths_, distances);
  std::array<uint8_t, kDistanceSymbols + 1> distance_bits{};  // with those that follow
  for (size_t i = 0; i < kDistanceSymbols; ++i) {
    distance_bits[i] = distance_lengths_[i] + kDistances[i].extra_bits;
  }
  BitWriter writer = *out;  // in registers
  for (const Token& token : tokens.all()) {
    const Codeword& first = codes[token.first];
    const Codeword& second = codes[token.second];
    const Codeword& symbol = distances[token.symbol];
    uint64_t distance = symbol.bits | token.beyond_base << symbol.length;
    unsigned before = first.length + second.length;
    writer.Put(first.bits | uint64_t{second.bits} << first.length | distance << before,
               before + distance_bits[token.symbol]);
  }
  writer.Put(literals[kEndOfBlock]);
  *out = writer;
}

void WriteStored(std::string_view bytes, bool last, BitWriter* out) {
  do {
    std::string_view part = bytes.substr(0, kMaxStored);
    bytes.remove_prefix(part.size());
    out->Put(last && bytes.empty() ? 1 : 0, 3);
    out->Align();
    out->Put(part.size() | (~part.size() & kMaxStored) << 16, 32);
    out->PutBytes(part);
  } while (!bytes.empty());
}

}  // namespace

void Tokens::Clear() {
  end_ = room_.data();
  literals_ = {};
  lengths_ = {};
  distances_ = {};
}

std::array<uint32_t, kLiteralSymbols> Tokens::LiteralCounts() const {
  std::array<uint32_t, kLiteralSymbols> counts{};
  for (size_t i = 0; i < literals_[0].size(); ++i) counts[i] = literals_[0][i] + literals_[1][i];
  counts[kEndOfBlock] = 1;
  for (size_t length = 0; length <= kMaxMatch; ++length) {
    counts[kFirstLength + kRangesOfLengths[length]] += lengths_[length];
  }
  return counts;
}

// Each part begins with 3 bits, some of which may be in a byte before, fills that and says its
// size.
size_t MaxBlockSize(size_t size) { return size + (size / kMaxStored + 1) * (2 + 4); }

void WriteBlock(const Tokens& tokens, std::string_view bytes, bool last, BitWriter* out) {
  BlockCodes codes(tokens);
  if ((3 + codes.header().bits() + codes.bits()) / 8 >= MaxBlockSize(bytes.size())) {
    WriteStored(bytes, last, out);
    return;
  }
  out->Put((last ? 1 : 0) | 2 << 1, 3);
  codes.header().Write(out);
  codes.Write(tokens, out);
}

}  // namespace kontext
