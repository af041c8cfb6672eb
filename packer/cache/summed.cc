#include "packer/cache/summed.h"

#include <xxhash.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

namespace kontext {
namespace {

constexpr size_t kBuffer = 128 * 1024;

}  // namespace

void SummedWriter::Free::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

SummedWriter::SummedWriter(std::function<void(std::string_view)> out)
    : out_(std::move(out)), state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  XXH3_64bits_reset(state_.get());
  buffer_.reserve(kBuffer);
}

void SummedWriter::Add(std::string_view bytes) {
  if (bytes.size() > kBuffer - buffer_.size()) Flush();
  buffer_.append(bytes);
}

void SummedWriter::Flush() {
  XXH3_64bits_update(state_.get(), buffer_.data(), buffer_.size());
  out_(buffer_);
  buffer_.clear();
}

void SummedWriter::Finish() {
  Flush();
  XXH64_hash_t sum = XXH3_64bits_digest(state_.get());
  out_({reinterpret_cast<const char*>(&sum), sizeof(sum)});
}

std::optional<std::string_view> ReadSummed(std::string_view bytes) {
  XXH64_hash_t sum;
  if (bytes.size() < sizeof(sum)) return std::nullopt;
  std::string_view content = bytes.substr(0, bytes.size() - sizeof(sum));
  std::memcpy(&sum, bytes.data() + content.size(), sizeof(sum));
  if (XXH3_64bits(content.data(), content.size()) != sum) return std::nullopt;
  return content;
}

}  // namespace kontext
