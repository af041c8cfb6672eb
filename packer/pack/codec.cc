#include "packer/pack/codec.h"

#include <libdeflate.h>
#include <zstd.h>

#include <new>
#include <string>

#include "packer/error.h"

namespace kontext {
namespace {

class GzipEncoder : public BlockEncoder {
 public:
  explicit GzipEncoder(int level)
      : compressor_(libdeflate_alloc_compressor(level), &libdeflate_free_compressor) {
    if (!compressor_) throw std::bad_alloc();
  }

  size_t Bound(size_t size) const override {
    return libdeflate_gzip_compress_bound(compressor_.get(), size);
  }

  size_t Encode(std::string_view block, char* out) override {
    return libdeflate_gzip_compress(compressor_.get(), block.data(), block.size(), out,
                                    Bound(block.size()));
  }

 private:
  std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor_;
};

class ZstdEncoder : public BlockEncoder {
 public:
  explicit ZstdEncoder(int level) : context_(ZSTD_createCCtx(), &ZSTD_freeCCtx), level_(level) {
    if (!context_) throw std::bad_alloc();
  }

  size_t Bound(size_t size) const override { return ZSTD_compressBound(size); }

  size_t Encode(std::string_view block, char* out) override {
    size_t size = ZSTD_compressCCtx(context_.get(), out, Bound(block.size()), block.data(),
                                    block.size(), level_);
    if (ZSTD_isError(size) == 0) return size;
    throw Error(ErrorKind::kIo, std::string("zstd: ") + ZSTD_getErrorName(size));
  }

 private:
  std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context_;
  int level_;
};

}  // namespace

std::unique_ptr<BlockEncoder> Codec::NewEncoder() const {
  if (compression == Compression::kZstd) return std::make_unique<ZstdEncoder>(level);
  return std::make_unique<GzipEncoder>(level);
}

}  // namespace kontext
