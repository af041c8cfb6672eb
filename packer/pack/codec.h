// What layers are packed with: one block in, one gzip member (RFC 1952) or zstd frame (RFC 8878)
// out, which can be read without the others. The same bytes at the same level give the same output,
// on any machine: the encoders are libdeflate and libzstd, which compute alike everywhere, and,
// where libdeflate's fastest level is not fast enough, our own.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "packer/compression.h"

namespace kontext {

// One thread at a time.
class BlockEncoder {
 public:
  virtual ~BlockEncoder() = default;
  // The most that a block of `size` bytes can become.
  virtual size_t Bound(size_t size) const = 0;
  // Returns how many bytes of `out`, which has room for Bound(block.size()), are used.
  virtual size_t Encode(std::string_view block, char* out) = 0;
};

// The levels for what is too large to be packed well.
inline constexpr int kFastGzip = 1;
inline constexpr int kFastZstd = 3;

struct Codec {
  Compression compression = Compression::kGzip;
  int level = 6;  // kFastGzip or libdeflate's, 2 to 12; libzstd's

  // So large that a block's fresh window costs little: of kernel source, less than 1 % for gzip,
  // whose window is 32 KiB, and 3 % for zstd. So small that a few in flight fit the memory budget.
  size_t BlockSize() const {
    return compression == Compression::kGzip ? size_t{1} << 20 : size_t{4} << 20;
  }
  std::unique_ptr<BlockEncoder> NewEncoder() const;
};

}  // namespace kontext
