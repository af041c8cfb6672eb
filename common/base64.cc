#include "common/base64.h"

#include <stdint.h>

namespace kontext {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int ValueOf(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// Bytes in the group at `text` (4 characters), or 0 when it is none; `last` allows padding.
size_t DecodeGroup(const char* text, bool last, uint8_t out[3]) {
  size_t padding = text[3] != '=' ? 0 : text[2] != '=' ? 1 : 2;
  if (padding > 0 && !last) return 0;
  uint32_t bits = 0;
  for (size_t i = 0; i < 4; ++i) {
    int value = i >= 4 - padding ? 0 : ValueOf(text[i]);
    if (value < 0) return 0;
    bits = bits << 6 | static_cast<uint32_t>(value);
  }
  // Bits that padding leaves over must be zero: one encoding for one text.
  if ((padding == 1 && (bits & 0xff) != 0) || (padding == 2 && (bits & 0xffff) != 0)) return 0;
  out[0] = static_cast<uint8_t>(bits >> 16);
  out[1] = static_cast<uint8_t>(bits >> 8);
  out[2] = static_cast<uint8_t>(bits);
  return 3 - padding;
}

}  // namespace

void EncodeBase64Group(const char* in, size_t size, char out[4]) {
  uint32_t bits = 0;
  for (size_t i = 0; i < 3; ++i) {
    bits = bits << 8 | (i < size ? static_cast<uint8_t>(in[i]) : 0U);
  }
  for (size_t i = 0; i < 4; ++i) {
    out[i] = i <= size ? kAlphabet[bits >> (18 - 6 * i) & 63] : '=';
  }
}

size_t DecodeBase64InPlace(char* text, size_t size) {
  if (size % 4 != 0) return SIZE_MAX;
  size_t done = 0;
  for (size_t i = 0; i < size; i += 4) {
    uint8_t bytes[3];
    size_t n = DecodeGroup(text + i, i + 4 == size, bytes);
    if (n == 0) return SIZE_MAX;
    for (size_t j = 0; j < n; ++j) text[done++] = static_cast<char>(bytes[j]);
  }
  return done;
}

}  // namespace kontext
