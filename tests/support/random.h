// Random values for property tests. The seed is printed; KONTEXT_TEST_SEED gives one.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

namespace kontext {

inline uint64_t TestSeed() {
  static const uint64_t seed = [] {
    const char* set = std::getenv("KONTEXT_TEST_SEED");
    uint64_t value = set != nullptr ? std::strtoull(set, nullptr, 10) : std::random_device()();
    std::printf("KONTEXT_TEST_SEED=%llu\n", static_cast<unsigned long long>(value));
    return value;
  }();
  return seed;
}

class Random {
 public:
  Random() : engine_(TestSeed()) {}

  uint64_t Bits() { return engine_(); }
  // 0 … n - 1
  size_t Below(size_t n) { return static_cast<size_t>(engine_() % n); }
  bool Percent(size_t chance) { return Below(100) < chance; }

  std::string Bytes(size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(engine_());
    return bytes;
  }
  // Characters out of `alphabet`.
  std::string Text(size_t size, std::string_view alphabet) {
    std::string text(size, '\0');
    for (char& c : text) c = alphabet[Below(alphabet.size())];
    return text;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace kontext
