// Text from outside as it may be shown.
#pragma once

#include <string>
#include <string_view>

namespace kontext {

// One line, and nothing that a terminal would obey or that would change what the rest looks like:
// control characters, line separators, marks of direction and bytes that are not UTF-8 are escaped
// as in C.
std::string OneLine(std::string_view text);

}  // namespace kontext
