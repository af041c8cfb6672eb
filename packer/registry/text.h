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

// `text` without blanks and line ends at both ends.
inline std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// Takes "https://" or "http://" off; false when there is none.
inline bool RemoveScheme(std::string* url) {
  for (std::string_view scheme : {"https://", "http://"}) {
    if (!url->starts_with(scheme)) continue;
    url->erase(0, scheme.size());
    return true;
  }
  return false;
}

// False when `json`, which a byte order mark may precede, is no JSON object. Iterative: the nesting
// of what a stranger sends must not become ours.
inline bool ParseObject(std::string_view json, rapidjson::Document* document) {
  document->Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  return !document->HasParseError() && document->IsObject();
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
