#include "packer/plan/storable.h"

#include <gtest/gtest.h>

#include <string>

namespace kontext {
namespace {

// A path of `size` bytes, of names that a layer can hold.
std::string PathOf(size_t size) {
  std::string path;
  while (path.size() < size) path += std::string(99, 'd') + '/';
  path.resize(size);
  if (path.back() == '/') path.back() = 'd';
  return path;
}

TEST(StorableTest, Table) {
  const struct {
    const char* name;
    std::string path;
    bool storable;
  } kCases[] = {
      {"plain", "a/b/c", true},
      {"UTF-8", "\xc3\xa9", true},
      {"dots", "a/.w/.wh", true},
      {"odd characters", "a\nb \"\\ *?", true},
      {"whiteout inside a name", "a.wh.b", true},
      {"whiteout", ".wh.a", false},
      {"opaque whiteout", "d/.wh..wh..opq", false},
      {"nothing but the prefix", ".wh.", false},
      {"below a whiteout's name", "a/.wh.b/c", false},
      {"not UTF-8", "a/\xff", false},
      {"below a name that is not UTF-8", "\xff/a", false},
      {"longest name with its whiteout", std::string(251, 'x'), true},
      {"name too long for a whiteout", std::string(252, 'x'), false},
      {"directory too long for a whiteout", std::string(252, 'x') + "/a", false},
      {"longest path", PathOf(3072), true},
      {"path too long", PathOf(3073), false},
  };
  for (const auto& test : kCases) EXPECT_EQ(IsStorable(test.path), test.storable) << test.name;
}

}  // namespace
}  // namespace kontext
