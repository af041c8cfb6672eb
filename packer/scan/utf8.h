// Characters of a path or a pattern.
#pragma once

#include <cstdint>
#include <string_view>

namespace kontext {

// A byte that is not part of valid UTF-8 is the character kLoneByte + its value, one of its own.
inline constexpr uint32_t kLoneByte = 0x110000;

// Takes the first character off `text`, which is not empty.
uint32_t TakeCharacter(std::string_view* text);

}  // namespace kontext
