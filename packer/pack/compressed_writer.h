// Packs a stream into a file, block by block. The output depends on the bytes, the member ends and
// the codec only, never on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "packer/hash.h"
#include "packer/pack/block_pipeline.h"
#include "packer/pack/byte_writer.h"

namespace kontext {

// Where a block ends, before and after compression.
struct BlockEnd {
  uint64_t input;
  uint64_t output;
};

class CompressedWriter : public ByteWriter {
 public:
  // `threads`: blocks compressed at once.
  CompressedWriter(int fd, const Codec& codec, size_t threads);

  void Write(std::string_view bytes) override;
  // The same without a copy: where the next bytes go, at least one, and how many were put there.
  std::span<char> Room() { return blocks_.Room(); }
  void Fill(size_t size);
  // Ends the current gzip member or zstd frame: what follows can be read apart from what came
  // before.
  void EndMember();
  // Ends the input, and gives its digest: it may be known long before the compressed bytes are.
  Digest EndInput();
  // Waits until all is written. To be called after EndInput.
  void Finish() { blocks_.Drain(); }

  // Bytes that went in so far.
  uint64_t input_size() const { return ended_ + blocks_.Block().size(); }

  // After Finish: of the compressed bytes, block by block.
  uint64_t size() const { return size_; }
  Digest digest() { return compressed_.Finish(); }
  const std::vector<BlockEnd>& blocks() const { return ends_; }

 private:
  void Put(std::string_view encoded);

  int fd_;
  uint64_t size_ = 0;
  uint64_t ended_ = 0;  // bytes in ended blocks
  std::vector<BlockEnd> ends_;
  size_t put_ = 0;  // blocks that were given out
  Hasher compressed_;
  Hasher input_;
  BlockPipeline blocks_;
};

}  // namespace kontext
