// The last part of a path as system calls take it.
#pragma once

#include <string.h>

#include <string_view>

#include "common/path.h"

namespace kontext::tree {

class LastName {
 public:
  // Of a path without a PathProblem: a longer name would be cut.
  explicit LastName(std::string_view path) {
    std::string_view last = NameOf(path).substr(0, kMaxName);
    memcpy(text_, last.data(), last.size());
    text_[last.size()] = '\0';
  }
  const char* c_str() const { return text_; }

 private:
  char text_[kMaxName + 1];
};

}  // namespace kontext::tree
