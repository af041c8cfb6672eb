#include "packer/pack/decompress.h"

#include <zlib.h>

#include <new>
#include <string>

#include "packer/error.h"

namespace kontext {
namespace {

constexpr size_t kBuffer = 128 * 1024;
constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";  // RFC 8878

[[noreturn]] void Bad(const char* problem) { throw Error(ErrorKind::kFormat, problem); }

}  // namespace

struct Decompressor::State {
  z_stream stream = {};
  bool begun = false;
  bool plain = false;
  bool in_member = false;
  std::string head;  // the first bytes, until they tell what this is
  std::unique_ptr<char[]> buffer = std::make_unique<char[]>(kBuffer);

  bool Inflate(std::string_view bytes, const std::function<bool(std::string_view)>& sink);
};

Decompressor::Decompressor() : state_(std::make_unique<State>()) {
  constexpr int kGzip = 16;
  if (inflateInit2(&state_->stream, MAX_WBITS + kGzip) != Z_OK) throw std::bad_alloc();
}

Decompressor::~Decompressor() { inflateEnd(&state_->stream); }

bool Decompressor::Feed(std::string_view bytes, const std::function<bool(std::string_view)>& sink) {
  State& state = *state_;
  std::string begin;
  if (!state.begun) {
    state.head += bytes;
    if (state.head.size() < kZstdMagic.size()) return true;
    if (state.head.starts_with(kZstdMagic)) {
      Bad("it is packed with zstd, which this program cannot read");
    }
    state.begun = true;
    state.plain = !state.head.starts_with(kGzipMagic);
    begin = std::move(state.head);
    bytes = begin;
  }
  return state.plain ? sink(bytes) : state.Inflate(bytes, sink);
}

bool Decompressor::State::Inflate(std::string_view bytes,
                                  const std::function<bool(std::string_view)>& sink) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  do {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.get());
    stream.avail_out = kBuffer;
    in_member = in_member || stream.avail_in > 0;
    int result = inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      Bad("it is not gzip, or damaged");
    }
    size_t size = kBuffer - stream.avail_out;
    if (result == Z_STREAM_END) {
      inflateReset(&stream);
      in_member = false;
    }
    if (size > 0 && !sink({buffer.get(), size})) return false;
    if (result == Z_STREAM_END) continue;
    if (stream.avail_out > 0) break;  // it has no more to give
  } while (stream.avail_in > 0 || in_member);
  return true;
}

void Decompressor::Finish() const {
  if (!state_->begun || state_->in_member) Bad("it is cut short");
}

}  // namespace kontext
