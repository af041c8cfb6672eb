// Paths of the context: relative, '/'-separated, any bytes but NUL in a component.
#pragma once

#include <stddef.h>

#include <string_view>

namespace kontext {

// Longest path and longest symlink target an index may hold. Linux bounds a target by PATH_MAX
// less its NUL; a path is bounded only by what it costs to hold one.
inline constexpr size_t kMaxPath = 64 * 1024;
inline constexpr size_t kMaxTarget = 4095;
inline constexpr size_t kMaxName = 255;

// Order of an index: bytewise with '/' before every other byte and a prefix before what it
// begins, so a directory is followed at once by everything under it. <0, 0 or >0.
int ComparePaths(std::string_view a, std::string_view b);

// Null when `path` may be used below a target: not empty, not absolute, every component
// non-empty, neither "." nor "..", at most kMaxName bytes, no NUL. Otherwise what is wrong.
const char* PathProblem(std::string_view path);

// Is `path` strictly below directory `dir`?
inline bool IsUnder(std::string_view path, std::string_view dir) {
  return path.size() > dir.size() && path[dir.size()] == '/' && path.substr(0, dir.size()) == dir;
}

// "a/b/c" -> "a/b"; "a" -> "".
inline std::string_view ParentOf(std::string_view path) {
  size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// "a/b/c" -> "c".
inline std::string_view NameOf(std::string_view path) {
  size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace kontext
