#include "packer/scan/utf8.h"

#include <cstddef>

namespace kontext {
namespace {

struct Form {
  uint8_t mask, lead;  // of the first byte
  size_t size;
  uint32_t least;  // what fewer bytes can say is not valid in more
};

constexpr Form kForms[] = {{0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};

}  // namespace

uint32_t TakeCharacter(std::string_view* text) {
  uint8_t first = static_cast<uint8_t>(text->front());
  size_t size = 1;
  uint32_t value = first < 0x80 ? first : kLoneByte + first;
  for (const Form& form : kForms) {
    if ((first & form.mask) != form.lead || text->size() < form.size) continue;
    uint32_t sum = first & ~form.mask & 0xffU;
    bool whole = true;
    for (char c : text->substr(1, form.size - 1)) {
      uint8_t byte = static_cast<uint8_t>(c);
      whole = whole && (byte & 0xc0) == 0x80;
      sum = sum << 6 | (byte & 0x3fU);
    }
    bool surrogate = sum >= 0xd800 && sum < 0xe000;
    if (!whole || sum < form.least || sum >= kLoneByte || surrogate) continue;
    value = sum;
    size = form.size;
  }
  text->remove_prefix(size);
  return value;
}

}  // namespace kontext
