// Looking for a path among paths in order.
#pragma once

#include <cstddef>
#include <string_view>

#include "common/path.h"

namespace kontext {

// The first of [begin, end) whose path, path_at(i), is not before `path` in the order of
// ComparePaths; `end` when there is none.
template <typename PathAt>
size_t FirstFrom(size_t begin, size_t end, std::string_view path, const PathAt& path_at) {
  while (begin < end) {
    size_t middle = begin + (end - begin) / 2;
    if (ComparePaths(path_at(middle), path) < 0) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

}  // namespace kontext
