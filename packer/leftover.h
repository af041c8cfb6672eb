// What a killed run leaves behind: files under a temporary name that no running program holds.
#pragma once

#include <string>
#include <string_view>

namespace kontext {

// A name for what is written beside its final place; of this run alone.
std::string NewTempName();

// Is it such a name, of any run?
bool IsTempName(std::string_view name);

// Removes what has such a name in the open folder and is held by nobody. What cannot be removed
// stays: it is in nobody's way.
void RemoveLeftovers(int folder);

// The same in the folder of this path, if there is one.
void RemoveLeftoversIn(const std::string& folder);

}  // namespace kontext
