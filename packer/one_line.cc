#include "packer/one_line.h"

#include <fmt/format.h>

namespace kontext {

std::string OneLine(std::string_view text) {
  std::string safe;
  for (char c : text) {
    unsigned char u = static_cast<unsigned char>(c);
    if (u >= 0x20 && u != 0x7f) {
      safe += c;
    } else {
      safe += fmt::format("\\{:03o}", u);
    }
  }
  return safe;
}

}  // namespace kontext
