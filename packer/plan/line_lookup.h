// A segment's lines, looked up instead of read from the first to the last.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "common/index_entry.h"
#include "packer/plan/live.h"

namespace kontext {

class LineLookup {
 public:
  virtual ~LineLookup() = default;

  virtual size_t size() const = 0;
  // In index order; its views are valid as long as this is.
  virtual IndexEntry Line(size_t i) const = 0;
  // How many object lines there are: they come first, the others by path.
  virtual size_t objects() const = 0;
  // Of the file and object lines with this content, in no order.
  virtual std::vector<size_t> LinesWith(const Digest& content) const = 0;
  virtual HeldBytes Held() const = 0;

  // The first line whose path is not before this one in the order of ComparePaths; size() when
  // there is none.
  size_t FirstFrom(std::string_view path) const;
};

}  // namespace kontext
