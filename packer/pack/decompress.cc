#include "packer/pack/decompress.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <new>
#include <utility>

#include "packer/error.h"

namespace kontext {
namespace {

constexpr size_t kBuffer = 128 * 1024;
constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";
constexpr size_t kHead = 4;  // the longer of the two
// The window that a frame may ask for, as the zstd program takes it unless told otherwise: 128 MiB.
constexpr int kMaxWindowLog = 27;

[[noreturn]] void Bad(const char* problem) { throw Error(ErrorKind::kFormat, problem); }

class GzipDecoder : public StreamDecoder {
 public:
  GzipDecoder() {
    constexpr int kGzip = 16;
    if (inflateInit2(&stream_, MAX_WBITS + kGzip) != Z_OK) throw std::bad_alloc();
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  bool Feed(std::string_view bytes, const UnpackedSink& sink) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.get());
      stream_.avail_out = kBuffer;
      in_member_ = in_member_ || stream_.avail_in > 0;
      int result = inflate(&stream_, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        Bad("it is not gzip, or damaged");
      }
      size_t size = kBuffer - stream_.avail_out;
      if (result == Z_STREAM_END) {
        inflateReset(&stream_);
        in_member_ = false;
      }
      if (size > 0 && !sink({buffer_.get(), size})) return false;
      if (result == Z_STREAM_END) continue;
      if (stream_.avail_out > 0) break;  // it has no more to give
    } while (stream_.avail_in > 0 || in_member_);
    return true;
  }

  bool IsOpen() const override { return in_member_; }

 private:
  z_stream stream_ = {};
  bool in_member_ = false;
  std::unique_ptr<char[]> buffer_ = std::make_unique<char[]>(kBuffer);
};

class ZstdDecoder : public StreamDecoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx(), &ZSTD_freeDCtx) {
    if (!context_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  }

  bool Feed(std::string_view bytes, const UnpackedSink& sink) override {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    bool full = false;
    while (in.pos < in.size || full) {
      ZSTD_outBuffer out{buffer_.get(), kBuffer, 0};
      size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
      if (ZSTD_isError(left) != 0) Bad("it is not zstd, or damaged");
      open_ = left > 0;
      full = open_ && out.pos == out.size;
      if (out.pos > 0 && !sink({buffer_.get(), out.pos})) return false;
    }
    return true;
  }

  bool IsOpen() const override { return open_; }

 private:
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context_;
  bool open_ = false;
  std::unique_ptr<char[]> buffer_ = std::make_unique<char[]>(kBuffer);
};

class PlainDecoder : public StreamDecoder {
 public:
  bool Feed(std::string_view bytes, const UnpackedSink& sink) override {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kBuffer))) {
      if (!sink(bytes.substr(0, kBuffer))) return false;
    }
    return true;
  }
  bool IsOpen() const override { return false; }
};

std::unique_ptr<StreamDecoder> DecoderFor(std::string_view head) {
  if (head.starts_with(kGzipMagic)) return std::make_unique<GzipDecoder>();
  if (head.starts_with(kZstdMagic)) return std::make_unique<ZstdDecoder>();
  return std::make_unique<PlainDecoder>();
}

}  // namespace

bool Decompressor::Feed(std::string_view bytes, const UnpackedSink& sink) {
  if (decoder_) return decoder_->Feed(bytes, sink);
  head_ += bytes;
  if (head_.size() < kHead) return true;
  decoder_ = DecoderFor(head_);
  std::string begin = std::move(head_);
  return decoder_->Feed(begin, sink);
}

void Decompressor::Finish() const {
  if (!decoder_ || decoder_->IsOpen()) Bad("it is cut short");
}

}  // namespace kontext
