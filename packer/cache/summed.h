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

// What was added; nothing when the bytes are damaged.
std::optional<std::string_view> ReadSummed(std::string_view bytes);

}  // namespace kontext
