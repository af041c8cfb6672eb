#include "packer/pack/index_part.h"

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

IndexPartReader::IndexPartReader(const Digest& index) : index_(index) {}

bool IndexPartReader::Feed(std::string_view bytes) {
  const char* problem = nullptr;
  auto take = [&](std::string_view piece) {
    problem = Add(piece);
    return problem == nullptr && !done_;
  };
  try {
    if (!done_) decompressor_.Feed(bytes, take);
  } catch (const Error& error) {
    NotTheLayer(index_, error.what());
  }
  if (problem != nullptr) NotTheLayer(index_, problem);
  return !done_;
}

const char* IndexPartReader::Add(std::string_view piece) {
  if (!in_index_) {
    headers_.append(piece);
    const char* problem = ParseHeaders();
    if (problem != nullptr || !in_index_) return problem;
    piece = std::string_view(headers_).substr(parsed_);
  }
  lines_.append(piece.substr(0, size_ - lines_.size()));
  headers_.clear();
  if (lines_.size() < size_) return nullptr;
  Hasher hasher;
  hasher.Update(lines_);
  done_ = hasher.Finish() == index_;
  return done_ ? nullptr : "its digest is not its name";
}

const char* IndexPartReader::ParseHeaders() {
  const std::string expected =
      std::string(kSegmentsPath.substr(1)) + '/' + ToHex(index_) + std::string(kSegmentSuffix);
  while (!in_index_ && headers_.size() - parsed_ >= kBlock) {
    std::string_view header = std::string_view(headers_).substr(parsed_, kBlock);
    parsed_ += kBlock;
    char type = header[156];
    std::string_view name = header.substr(0, 100);
    name = name.substr(0, name.find('\0'));
    if (type == '0' && name == expected) {
      size_ = Octal(header.substr(124, 12));
      if (size_ > kMaxIndex) return "it is too large";
      lines_.reserve(size_);
      in_index_ = true;
    } else if (type != '5' || parsed_ > kMaxBefore) {
      return "its layer does not begin with it";
    }
  }
  return nullptr;
}

std::string IndexPartReader::Take() {
  if (!done_) NotTheLayer(index_, "its layer ends before it does");
  return std::move(lines_);
}

}  // namespace kontext
