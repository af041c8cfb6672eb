// Text from outside as it may be shown.
#pragma once

#include <string>
#include <string_view>

namespace kontext {

// Control bytes escaped as \ooo: one line, and nothing that a terminal would obey.
std::string OneLine(std::string_view text);

}  // namespace kontext
