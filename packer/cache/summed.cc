#include "packer/cache/summed.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

namespace kontext {
namespace {

constexpr size_t kBuffer = 128 * 1024;

}  // namespace

void RunningSum::Free::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

RunningSum::RunningSum() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  XXH3_64bits_reset(state_.get());
}

void RunningSum::Add(const char* data, size_t size) {
  XXH3_64bits_update(state_.get(), data, size);
}

uint64_t RunningSum::Sum() const { return XXH3_64bits_digest(state_.get()); }

SummedWriter::SummedWriter(std::function<void(std::string_view)> out) : out_(std::move(out)) {
  buffer_.reserve(kBuffer);
}

void SummedWriter::Add(std::string_view bytes) {
  if (bytes.size() > kBuffer - buffer_.size()) Flush();
  buffer_.append(bytes);
}

void SummedWriter::Flush() {
  sum_.Add(buffer_.data(), buffer_.size());
  out_(buffer_);
  buffer_.clear();
}

void SummedWriter::Finish() {
  Flush();
  uint64_t sum = sum_.Sum();
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
