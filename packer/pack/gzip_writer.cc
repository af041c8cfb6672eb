#include "packer/pack/gzip_writer.h"

#include <libdeflate.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

#include "common/fd.h"
#include "packer/error.h"

namespace kontext {
namespace {

// Large enough that a member's fresh window costs nothing that shows (kernel source: under 1 %),
// small enough that a few in flight fit the memory budget.
constexpr size_t kBlock = 1024 * 1024;

std::string Compress(const std::string& block, int level) {
  std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(level), &libdeflate_free_compressor);
  if (!compressor) throw std::bad_alloc();
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), block.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor.get(), block.data(), block.size(), out.data(),
                                      out.size()));
  return out;
}

}  // namespace

GzipWriter::GzipWriter(int fd, int level, size_t threads)
    : fd_(fd), level_(level), threads_(threads) {
  block_.reserve(kBlock);
}

void GzipWriter::Write(std::string_view bytes) {
  input_.Update(bytes);
  while (!bytes.empty()) {
    size_t take = std::min(bytes.size(), kBlock - block_.size());
    block_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    if (block_.size() == kBlock) StartBlock();
  }
}

void GzipWriter::StartBlock() {
  if (pending_.size() >= threads_) TakeOldest();
  pending_.push_back(std::async(std::launch::async, &Compress, std::move(block_), level_));
  block_ = std::string();
  block_.reserve(kBlock);
}

void GzipWriter::TakeOldest() {
  std::string out = pending_.front().get();
  pending_.pop_front();
  if (!WriteAll(fd_, out.data(), out.size())) {
    throw Error(ErrorKind::kIo, std::string("cannot write a layer to a temporary file: ") +
                                    std::strerror(errno) + "; set TMPDIR to a folder with room");
  }
  compressed_.Update(out);
  size_ += out.size();
}

uint64_t GzipWriter::EndMember() {
  if (!block_.empty()) StartBlock();
  while (!pending_.empty()) TakeOldest();
  return size_;
}

void GzipWriter::Finish() { EndMember(); }

}  // namespace kontext
