// Packs a stream into a file, block by block. The output depends on the bytes, the member ends and
// the codec only, never on the number of threads.
#pragma once

#include <cstdint>
#include <string_view>

#include "packer/hash.h"
#include "packer/pack/block_pipeline.h"
#include "packer/pack/byte_writer.h"

namespace kontext {

class CompressedWriter : public ByteWriter {
 public:
  // `threads`: blocks compressed at once.
  CompressedWriter(int fd, const Codec& codec, size_t threads);

  void Write(std::string_view bytes) override;
  // Ends the current gzip member or zstd frame: what follows can be read apart from what came
  // before. Returns the compressed bytes up to here.
  uint64_t EndMember();
  // Writes what is left. Nothing may be written afterwards.
  void Finish() { EndMember(); }

  // After Finish: of the compressed bytes, and of the bytes that went in.
  uint64_t size() const { return size_; }
  Digest digest() { return compressed_.Finish(); }
  Digest input_digest() { return input_.Finish(); }

 private:
  void EndBlock();
  void Put(std::string_view encoded);

  int fd_;
  uint64_t size_ = 0;
  Hasher compressed_;
  Hasher input_;
  BlockPipeline blocks_;
};

}  // namespace kontext
