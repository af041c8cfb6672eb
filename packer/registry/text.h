// Small things that several parsers here need.
#pragma once

#include <rapidjson/document.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

namespace kontext {

// ASCII letters in lower case, all else as it is.
inline std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// The text under `name`; empty when there is none, or something else, or `object` is none.
inline std::string TextOf(const rapidjson::Value& object, const char* name) {
  if (!object.IsObject()) return {};
  auto member = object.FindMember(name);
  if (member == object.MemberEnd() || !member->value.IsString()) return {};
  return {member->value.GetString(), member->value.GetStringLength()};
}

}  // namespace kontext
