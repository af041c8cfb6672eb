#include "common/digest.h"

#include <string.h>

namespace kontext {
namespace {

// Both digits of a byte at once: a listing has two and a half million.
struct HexPairs {
  char pairs[256][2];
};
constexpr HexPairs kHexPairs = [] {
  constexpr char kDigits[] = "0123456789abcdef";
  HexPairs table{};
  for (int i = 0; i < 256; ++i) {
    table.pairs[i][0] = kDigits[i >> 4];
    table.pairs[i][1] = kDigits[i & 15];
  }
  return table;
}();

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

void FormatHex(const Digest& digest, char* out) {
  for (uint8_t byte : digest.bytes) {
    memcpy(out, kHexPairs.pairs[byte], 2);
    out += 2;
  }
}

bool ParseHex(std::string_view hex, Digest* out) {
  if (hex.size() != Digest::kHexLength) return false;
  for (size_t i = 0; i < Digest::kBytes; ++i) {
    int high = HexValue(hex[2 * i]);
    int low = HexValue(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out->bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

bool ParseDigest(std::string_view text, Digest* out) {
  if (text.substr(0, Digest::kPrefix.size()) != Digest::kPrefix) return false;
  return ParseHex(text.substr(Digest::kPrefix.size()), out);
}

}  // namespace kontext
