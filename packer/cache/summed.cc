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

SummedReader::SummedReader(ReadNext read, uint64_t size)
    : read_(std::move(read)), unread_(size - std::min<uint64_t>(size, sizeof(uint64_t))) {}

const char* SummedReader::Take(size_t size) {
  if (end_ - begin_ < size) {
    if (size > left()) return nullptr;
    if (window_.size() < size) window_.resize(std::max(size, kBuffer));
    std::memmove(window_.data(), window_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    size_t more = static_cast<size_t>(std::min<uint64_t>(unread_, window_.size() - end_));
    if (read_(window_.data() + end_, more) != more) return nullptr;
    sum_.Add(window_.data() + end_, more);
    end_ += more;
    unread_ -= more;
  }
  const char* taken = window_.data() + begin_;
  begin_ += size;
  return taken;
}

bool SummedReader::Finish() {
  uint64_t sum = 0;
  char* bytes = reinterpret_cast<char*>(&sum);
  return left() == 0 && read_(bytes, sizeof(sum)) == sizeof(sum) && sum == sum_.Sum();
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
