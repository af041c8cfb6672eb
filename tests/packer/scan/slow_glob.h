// A pattern matched the slow, plain way: by trying everything. What it takes is exponential.
#pragma once

#include <cstdint>
#include <string_view>

#include "packer/scan/utf8.h"

namespace kontext {

// Takes a class off `pattern`, whose '[' is gone already: is `c` in it?
inline bool SlowClass(std::string_view* pattern, uint32_t c) {
  auto bound = [&] {
    if (pattern->front() == '\\') pattern->remove_prefix(1);
    return TakeCharacter(pattern);
  };
  bool negated = pattern->front() == '^';
  if (negated) pattern->remove_prefix(1);
  bool found = false;
  do {
    uint32_t low = bound();
    uint32_t high = low;
    if (pattern->front() == '-') {
      pattern->remove_prefix(1);
      high = bound();
    }
    found = found || (low <= c && c <= high);
  } while (pattern->front() != ']');
  pattern->remove_prefix(1);
  return found != negated;
}

// Does the well-formed `pattern` match this very path?
inline bool SlowExact(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  if (pattern.starts_with("**")) {
    pattern.remove_prefix(2);
    if (pattern.starts_with('/')) pattern.remove_prefix(1);
    if (pattern.empty() || SlowExact(pattern, path)) return true;
    for (size_t i = 0; i < path.size(); ++i) {
      if (path[i] == '/' && SlowExact(pattern, path.substr(i + 1))) return true;
    }
    return false;
  }
  char first = pattern.front();
  if (first == '*') {
    pattern.remove_prefix(1);
    for (; !path.empty() && path.front() != '/'; TakeCharacter(&path)) {
      if (SlowExact(pattern, path)) return true;
    }
    return SlowExact(pattern, path);
  }
  if (path.empty()) return false;
  uint32_t c = TakeCharacter(&path);
  if (first == '?' || first == '[') {
    pattern.remove_prefix(1);
    bool takes = first == '?' ? c != '/' : SlowClass(&pattern, c);
    return takes && SlowExact(pattern, path);
  }
  if (first == '\\') pattern.remove_prefix(1);
  return TakeCharacter(&pattern) == c && SlowExact(pattern, path);
}

// Does `text`, which has nothing special in it, match the end of `path`, character by character?
inline bool SlowEnd(std::string_view text, std::string_view path) {
  for (; !path.empty(); TakeCharacter(&path)) {
    if (SlowExact(text, path)) return true;
  }
  return false;
}

// Does it match the path or a directory that the path lies in?
inline bool SlowGlob(std::string_view pattern, std::string_view path) {
  auto matches = [&](std::string_view candidate) {
    bool any_end = pattern.starts_with("**") && pattern.size() > 2 && pattern[2] != '/' &&
                   pattern.find_first_of("*?[]\\", 2) == std::string_view::npos;
    return any_end ? SlowEnd(pattern.substr(2), candidate) : SlowExact(pattern, candidate);
  };
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '/' && matches(path.substr(0, i))) return true;
  }
  return matches(path);
}

}  // namespace kontext
