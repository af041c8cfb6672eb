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

// Empty for what is no text.
inline std::string AsText(const rapidjson::Value& value) {
  if (!value.IsString()) return {};
  return {value.GetString(), value.GetStringLength()};
}

// The text under `name`; empty when there is none, or something else, or `object` is none.
inline std::string TextOf(const rapidjson::Value& object, const char* name) {
  if (!object.IsObject()) return {};
  auto member = object.FindMember(name);
  return member == object.MemberEnd() ? "" : AsText(member->value);
}

}  // namespace kontext
