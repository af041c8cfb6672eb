// Bytes that end with a checksum of themselves: XXH3, 64 bits, in this machine's byte order.
// Against damage, not malice: such files are kept where nobody else may write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct XXH3_state_s;

namespace kontext {

class RunningSum {
 public:
  RunningSum();
  void Add(const char* data, size_t size);
  uint64_t Sum() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

// Collects small pieces and gives them on in large ones.
class SummedWriter {
 public:
  explicit SummedWriter(std::function<void(std::string_view)> out);

  void Add(std::string_view bytes);
  // A value without padding, as it is in memory.
  template <typename T>
  void AddValue(const T& value) {
    Add({reinterpret_cast<const char*>(&value), sizeof(value)});
  }
  // Ends with the checksum. Nothing may be added afterwards.
  void Finish();

 private:
  void Flush();

  std::function<void(std::string_view)> out_;
  RunningSum sum_;
  std::string buffer_;
};

// Reads such bytes from their beginning to their end, a window of them at a time.
class SummedReader {
 public:
  // Puts the bytes that come next into a buffer: how many, fewer than asked for only at the end or
  // when reading fails.
  using ReadNext = std::function<size_t(char* buffer, size_t size)>;

  // `size`: of all, with the checksum.
  SummedReader(ReadNext read, uint64_t size);

  // Of what was added and was not taken yet.
  uint64_t left() const { return unread_ + (end_ - begin_); }
  // The next bytes, valid until the next call; null when there are not as many.
  const char* Take(size_t size);
  // Once all is taken: is it undamaged? Until then nothing of it is to be believed.
  bool Finish();

 private:
  ReadNext read_;
  RunningSum sum_;
  std::string window_;
  size_t begin_ = 0, end_ = 0;  // what is in the window and not taken
  uint64_t unread_;
};

// What was added; nothing when the bytes are damaged.
std::optional<std::string_view> ReadSummed(std::string_view bytes);

}  // namespace kontext
