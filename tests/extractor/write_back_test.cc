#include "common/tree/write_back.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "common/fd.h"
#include "tests/support/temp_dir.h"

namespace kontext::tree {
namespace {

constexpr size_t kSize = 200'000;

size_t OpenDescriptors() {
  std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

class WriteBackTest : public testing::Test {
 protected:
  WriteBackTest() : dir_(open(folder_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    WriteFile(folder_ / "large", std::string(kSize, 'x'));
    WriteFile(folder_ / "small", "x");
    before_ = OpenDescriptors();
  }

  TempDir folder_;
  UniqueFd dir_;
  size_t before_ = 0;
};

TEST_F(WriteBackTest, KeepsNoDescriptorAfterItsEnd) {
  {
    WriteBack write_back;
    write_back.Start();
    std::vector<std::jthread> workers;
    for (int i = 0; i < 4; ++i) {
      workers.emplace_back([&] {
        for (int file = 0; file < 200; ++file) write_back.Offer(dir_.get(), "large", kSize);
      });
    }
    workers.clear();
    write_back.Finish();
    EXPECT_EQ(OpenDescriptors(), before_);
    write_back.Offer(dir_.get(), "large", kSize);
    EXPECT_EQ(OpenDescriptors(), before_);
  }
  EXPECT_EQ(OpenDescriptors(), before_);
}

TEST_F(WriteBackTest, TakesNothingBeforeItIsStartedNorWhatIsSmallOrGone) {
  WriteBack write_back;
  write_back.Offer(dir_.get(), "large", kSize);
  EXPECT_EQ(OpenDescriptors(), before_);
  write_back.Start();
  write_back.Offer(dir_.get(), "small", 1);
  write_back.Offer(dir_.get(), "no such file", kSize);
  write_back.Finish();
  EXPECT_EQ(OpenDescriptors(), before_);
}

// A program that is being replaced may be run as soon as it has its name.
TEST_F(WriteBackTest, AProgramThatItHoldsCanBeRun) {
  std::filesystem::copy("/bin/true", folder_ / "program");
  std::filesystem::resize_file(folder_ / "program", 64 * kSize);
  WriteBack write_back;
  write_back.Start();
  for (int i = 0; i < 50; ++i) {
    write_back.Offer(dir_.get(), "program", 64 * kSize);
    ASSERT_EQ(std::system((folder_ / "program").c_str()), 0);
  }
}

}  // namespace
}  // namespace kontext::tree
