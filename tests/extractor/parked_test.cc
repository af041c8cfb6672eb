#include "common/tree/parked.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/fd.h"
#include "common/tree/dir_open.h"
#include "tests/support/temp_dir.h"

namespace kontext::tree {
namespace {

class ParkedDirTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(mkdir(Path("a").c_str(), 0755), 0);
    ASSERT_EQ(mkdir(Path("a/b").c_str(), 0755), 0);
    ASSERT_EQ(mkdir(Path("c").c_str(), 0755), 0);
    above_ = open(Path("a").c_str(), O_RDONLY | O_DIRECTORY);
    below_.reset(open(Path("a/b").c_str(), O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(above_ >= 0 && below_.valid());
  }
  void TearDown() override {
    if (above_ >= 0) close(above_);
  }
  std::string Path(const std::string& name) const { return dir_.path() + "/" + name; }

  TempDir dir_;
  int above_ = -1;
  UniqueFd below_;
  ParkedDir place_;
};

TEST_F(ParkedDirTest, ComesBackFromBelow) {
  place_.Park(&above_);
  EXPECT_EQ(above_, -1);
  ASSERT_TRUE(place_.Unpark(&above_, below_.get()));
  EXPECT_EQ(faccessat(above_, "b", F_OK, 0), 0);
  EXPECT_TRUE(place_.Unpark(&above_, -1)) << "it is not parked";
}

TEST_F(ParkedDirTest, NotIntoAnotherDirectory) {
  place_.Park(&above_);
  ASSERT_EQ(rename(Path("a/b").c_str(), Path("c/b").c_str()), 0);
  EXPECT_FALSE(place_.Unpark(&above_, below_.get()));
  EXPECT_EQ(errno, ESTALE);
  EXPECT_EQ(above_, -1);
  ASSERT_EQ(rename(Path("c/b").c_str(), Path("a/b").c_str()), 0);
  EXPECT_TRUE(place_.Unpark(&above_, below_.get()));
}

}  // namespace
}  // namespace kontext::tree
