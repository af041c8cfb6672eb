// Reads the index of a segment from the beginning of its layer, and no more of the layer than that.
#pragma once

#include <string>
#include <string_view>

#include "common/digest.h"
#include "packer/pack/decompress.h"

namespace kontext {

// Feed it the layer's compressed bytes until it has what it wants. Layers may have been
// re-compressed on their way: gzip, zstd, or not compressed at all.
class IndexPartReader {
 public:
  // `index`: the digest that the index must have.
  explicit IndexPartReader(const Digest& index);

  // True: more bytes are wanted. Throws Error(kFormat) when this is not the layer of that segment.
  bool Feed(std::string_view bytes);
  // After Feed gave false: the index's lines. Throws Error(kFormat) when the layer ended before.
  std::string Take();

 private:
  // They return what is wrong, if anything is.
  const char* Add(std::string_view piece);
  const char* ParseHeaders();

  Digest index_;
  Decompressor decompressor_;
  std::string headers_;  // what comes before the index, until it is parsed
  size_t parsed_ = 0;
  bool in_index_ = false;
  uint64_t size_ = 0;  // of the index, when in it
  std::string lines_;
  bool done_ = false;
};

}  // namespace kontext
