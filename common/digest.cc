#include "common/digest.h"

namespace kontext {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

void FormatHex(const Digest& digest, char* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (uint8_t byte : digest.bytes) {
    *out++ = kDigits[byte >> 4];
    *out++ = kDigits[byte & 15];
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
