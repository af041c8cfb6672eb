// Bits into bytes, the first the lowest (RFC 1951, section 3.1.1).
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "packer/deflate/prefix_code.h"

namespace kontext {

static_assert(std::endian::native == std::endian::little);

// Writes up to 8 bytes beyond the last that is used.
class BitWriter {
 public:
  explicit BitWriter(uint8_t* out) : out_(out) {}

  // `count` is at most 56, `bits` below 2^count.
  void Put(uint64_t bits, unsigned count) {
    bits_ |= bits << count_;
    count_ += count;
    std::memcpy(out_, &bits_, sizeof bits_);
    out_ += count_ >> 3;
    bits_ >>= count_ & ~7U;
    count_ &= 7;
  }
  void Put(const Codeword& code) { Put(code.bits, code.length); }

  // Fills the last byte with zeros.
  void Align() {
    if (count_ > 0) Put(0, 8 - count_);
  }

  // Only when aligned.
  void PutBytes(std::string_view bytes) { out_ = std::copy(bytes.begin(), bytes.end(), out_); }

  // Where the next byte goes; when aligned, behind all of them.
  uint8_t* end() const { return out_; }

 private:
  uint8_t* out_;
  uint64_t bits_ = 0;
  unsigned count_ = 0;
};

}  // namespace kontext
