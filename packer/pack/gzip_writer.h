// Parallel gzip (RFC 1952): the input is cut in blocks, each block is one gzip member. The output
// depends on the bytes, the member ends and the level only, never on the number of threads.
#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <string>

#include "packer/hash.h"
#include "packer/pack/byte_writer.h"

namespace kontext {

class GzipWriter : public ByteWriter {
 public:
  // `level`: libdeflate's, 1 to 12. `threads`: blocks compressed at once.
  GzipWriter(int fd, int level, size_t threads);

  void Write(std::string_view bytes) override;
  // Ends the current member: what follows can be read apart from what came before. Returns the
  // compressed bytes up to here.
  uint64_t EndMember();
  // Writes what is left. Nothing may be written afterwards.
  void Finish();

  // After Finish: of the compressed bytes, and of the bytes that went in.
  uint64_t size() const { return size_; }
  Digest digest() { return compressed_.Finish(); }
  Digest input_digest() { return input_.Finish(); }

 private:
  void StartBlock();
  void TakeOldest();

  int fd_;
  int level_;
  size_t threads_;
  std::string block_;
  std::deque<std::future<std::string>> pending_;  // oldest first
  uint64_t size_ = 0;
  Hasher compressed_;
  Hasher input_;
};

}  // namespace kontext
