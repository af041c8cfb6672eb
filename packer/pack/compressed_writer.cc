#include "packer/pack/compressed_writer.h"

#include <cerrno>
#include <cstring>
#include <string>

#include "common/fd.h"
#include "packer/error.h"

namespace kontext {

CompressedWriter::CompressedWriter(int fd, const Codec& codec, size_t threads)
    : fd_(fd), blocks_(codec, threads, [this](std::string_view encoded) { Put(encoded); }) {}

void CompressedWriter::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::span<char> room = Room();
    size_t taken = bytes.copy(room.data(), room.size());
    Fill(taken);
    bytes.remove_prefix(taken);
  }
}

void CompressedWriter::Fill(size_t size) {
  blocks_.Fill(size);
  if (blocks_.IsFull()) EndMember();
}

// Each block is a member.
void CompressedWriter::EndMember() {
  // Here, in large pieces, while the block is in the processor's cache.
  input_.Update(blocks_.Block());
  ended_ += blocks_.Block().size();
  if (!blocks_.Block().empty()) ends_.push_back({ended_, 0});
  blocks_.EndBlock();
}

Digest CompressedWriter::EndInput() {
  EndMember();
  return input_.Finish();
}

void CompressedWriter::Put(std::string_view encoded) {
  if (!WriteAll(fd_, encoded.data(), encoded.size())) {
    throw Error(ErrorKind::kIo, std::string("cannot write a layer to a temporary file: ") +
                                    std::strerror(errno) + "; set TMPDIR to a folder with room");
  }
  compressed_.Update(encoded);
  size_ += encoded.size();
  ends_[put_++].output = size_;
}

}  // namespace kontext
