#include "packer/one_line.h"

#include <fmt/format.h>

#include <cstdint>

#include "packer/scan/utf8.h"

namespace kontext {
namespace {

struct Range {
  uint32_t first, last;
};

// What a terminal obeys, ends a line, or turns the direction of what follows; then bytes that are
// not UTF-8, of which a terminal may obey some.
constexpr Range kEscaped[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x200e, 0x200f},
                              {0x2028, 0x202e}, {0x2066, 0x2069}, {kLoneByte, kLoneByte + 0xff}};

bool IsEscaped(uint32_t character) {
  for (const Range& range : kEscaped) {
    if (character >= range.first && character <= range.last) return true;
  }
  return false;
}

void Escape(char byte, std::string* out) {
  switch (byte) {
    case '\n':
      *out += "\\n";
      return;
    case '\t':
      *out += "\\t";
      return;
    case '\r':
      *out += "\\r";
      return;
    default:
      *out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  }
}

}  // namespace

std::string OneLine(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    std::string_view rest = text;
    bool escaped = IsEscaped(TakeCharacter(&rest));
    std::string_view bytes = text.substr(0, text.size() - rest.size());
    text = rest;
    if (!escaped) {
      safe += bytes;
      continue;
    }
    for (char byte : bytes) Escape(byte, &safe);
  }
  return safe;
}

}  // namespace kontext
