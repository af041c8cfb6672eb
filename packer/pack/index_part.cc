#include "packer/pack/index_part.h"

#include <zlib.h>

#include <new>

#include "common/layout.h"
#include "packer/error.h"
#include "packer/hash.h"

namespace kontext {
namespace {

constexpr size_t kBlock = 512;
// An index is some 200 bytes a line: ten million entries. More is refused, not tried.
constexpr uint64_t kMaxIndex = uint64_t{2} << 30;
// Four directories come before the index (FORMAT.md, "Layers"). Headers of directories pack a
// thousandfold, so a small layer could be all of memory.
constexpr size_t kMaxBefore = 128 * kBlock;

uint64_t Octal(std::string_view field) {
  uint64_t value = 0;
  for (char c : field) {
    if (c < '0' || c > '7') break;
    value = value * 8 + static_cast<uint64_t>(c - '0');
  }
  return value;
}

[[noreturn]] void NotTheLayer(const Digest& index, const char* problem) {
  throw Error(ErrorKind::kFormat, "segment " + ToString(index) + ": " + problem);
}

}  // namespace

// gzip members one after the other, or plain bytes.
class IndexPartReader::Inflater {
 public:
  Inflater() {
    constexpr int kGzip = 16;
    if (inflateInit2(&stream_, MAX_WBITS + kGzip) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // False: this is no gzip stream.
  bool Feed(std::string_view bytes, std::string* out) {
    if (!begun_) plain_ = !bytes.empty() && bytes[0] != '\x1f';
    begun_ = begun_ || !bytes.empty();
    if (plain_) {
      out->append(bytes);
      return true;
    }
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    char buffer[64 * 1024];
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer);
      stream_.avail_out = sizeof(buffer);
      int result = inflate(&stream_, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return false;
      out->append(buffer, sizeof(buffer) - stream_.avail_out);
      if (result == Z_STREAM_END) inflateReset(&stream_);
    } while (stream_.avail_in > 0 || stream_.avail_out == 0);
    return true;
  }

 private:
  z_stream stream_ = {};
  bool begun_ = false;
  bool plain_ = false;
};

IndexPartReader::IndexPartReader(const Digest& index)
    : index_(index), inflater_(std::make_unique<Inflater>()) {}

IndexPartReader::~IndexPartReader() = default;

bool IndexPartReader::Feed(std::string_view bytes) {
  // In steps, so that one call with much data unpacks little more than the index.
  constexpr size_t kStep = 64 * 1024;
  while (!done_ && !bytes.empty()) {
    std::string_view step = bytes.substr(0, kStep);
    bytes.remove_prefix(step.size());
    if (!inflater_->Feed(step, &tar_)) NotTheLayer(index_, "its layer is not gzip");
    done_ = Parse();
  }
  return !done_;
}

// True when the index is whole.
bool IndexPartReader::Parse() {
  const std::string expected =
      std::string(kSegmentsPath.substr(1)) + '/' + ToHex(index_) + std::string(kSegmentSuffix);
  while (tar_.size() - parsed_ >= kBlock) {
    std::string_view header = std::string_view(tar_).substr(parsed_, kBlock);
    char type = header[156];
    std::string_view name = header.substr(0, 100);
    name = name.substr(0, name.find('\0'));
    if (type == '5') {
      parsed_ += kBlock;
      if (parsed_ > kMaxBefore) NotTheLayer(index_, "its layer does not begin with it");
      continue;
    }
    if (type != '0' || name != expected) NotTheLayer(index_, "its layer does not begin with it");
    uint64_t size = Octal(header.substr(124, 12));
    if (size > kMaxIndex) NotTheLayer(index_, "it is too large");
    if (tar_.size() - parsed_ - kBlock < size) return false;
    lines_ = tar_.substr(parsed_ + kBlock, size);
    tar_ = std::string();
    Hasher hasher;
    hasher.Update(lines_);
    if (!(hasher.Finish() == index_)) NotTheLayer(index_, "its digest is not its name");
    return true;
  }
  return false;
}

std::string IndexPartReader::Take() {
  if (!done_) NotTheLayer(index_, "its layer ends before it does");
  return std::move(lines_);
}

}  // namespace kontext
