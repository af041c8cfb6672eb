#include "common/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <string>

namespace kontext {
namespace {

// An open file with this content, gone with its descriptor.
UniqueFd FileWith(const std::string& content) {
  UniqueFd fd(open(testing::TempDir().c_str(), O_RDWR | O_TMPFILE, 0600));
  EXPECT_TRUE(fd.valid());
  EXPECT_TRUE(WriteAll(fd.get(), content.data(), content.size()));
  EXPECT_EQ(lseek(fd.get(), 0, SEEK_SET), 0);
  return fd;
}

struct RestCase {
  const char* name;
  size_t has;   // bytes in the file
  size_t left;  // bytes that it should have
  size_t room;
  ssize_t got;
};

TEST(ReadRest, TellsShorterFromLonger) {
  constexpr RestCase kCases[] = {
      {"empty", 0, 0, 8, 0},
      {"not empty", 3, 0, 8, 1},
      {"as it should be", 5, 5, 8, 5},
      {"shorter", 3, 5, 8, 3},
      {"longer by one", 6, 5, 8, 6},
      {"much longer", 100, 5, 8, 6},
      {"fills the room", 8, 8, 8, 8},
      {"more to come", 20, 20, 8, 8},
      {"no such size", 3, UINT64_MAX, 8, 3},
  };
  for (const RestCase& c : kCases) {
    UniqueFd fd = FileWith(std::string(c.has, 'x'));
    char out[8];
    EXPECT_EQ(ReadRest(fd.get(), out, c.room, c.left), c.got) << c.name;
  }
}

TEST(ReadRest, FailsOnWhatCannotBeRead) {
  UniqueFd dir(open("/", O_RDONLY | O_DIRECTORY));
  char out[8];
  EXPECT_EQ(ReadRest(dir.get(), out, sizeof out, 4), -1);
}

}  // namespace
}  // namespace kontext
