// Changes one member of a JSON text and leaves every other byte as it was.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kontext {

// The names on the way from the root, which must be an object, to a member.
using JsonPath = std::vector<std::string>;

// `json` with the member set to `value` (JSON). Objects that are missing on the way are made; what
// stands there and is no object is replaced. New members come last, indented as their neighbours.
// Throws Error(kFormat) when `json` is no JSON object.
std::string SetMember(const std::string& json, const JsonPath& path, const std::string& value);

// `json` without the member; the same text when there is none.
std::string RemoveMember(const std::string& json, const JsonPath& path);

}  // namespace kontext
