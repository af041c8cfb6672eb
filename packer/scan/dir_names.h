// Reads the names in a directory, sorted bytewise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kontext {

// One object serves many directories, one after the other, and allocates for the largest alone.
class DirNames {
 public:
  DirNames();

  // Reads all of the open directory `fd`, "." and ".." left out. False: errno is set.
  bool Read(int fd);

  // Instead: takes names that are known, in order.
  void Clear();
  void Append(std::string_view name);

  size_t size() const { return order_.size(); }
  // Ended by a NUL; valid until the next Read.
  const char* name(size_t i) const { return text_.data() + order_[i].begin; }
  size_t length(size_t i) const { return order_[i].length; }

 private:
  struct Name {
    uint64_t front;  // the first eight bytes, so that most comparisons need no look at the text
    uint32_t begin;
    uint32_t length;
  };

  std::vector<char> buffer_;
  std::string text_;
  std::vector<Name> order_;
};

}  // namespace kontext
