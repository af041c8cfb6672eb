#include "packer/scan/still_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "common/fd.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

using namespace std::chrono_literals;

class StillFileTest : public testing::Test {
 protected:
  StillFileTest() {
    WriteFile(path_, "old content");
    Reopen();
  }

  void Reopen() {
    file_ = UniqueFd(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(fstat(file_.get(), &info_), 0);
  }

  TempDir dir_;
  std::string path_ = dir_ / "f";
  UniqueFd file_;
  struct stat info_ = {};
};

TEST_F(StillFileTest, AChangeFromNowOnShows) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(WaitUntilStill(file_.get(), &info_), Stillness::kStill);
    struct stat before = info_;
    WriteFile(path_, "new content");
    ASSERT_EQ(fstat(file_.get(), &info_), 0);
    ASSERT_TRUE(before.st_ctim.tv_sec != info_.st_ctim.tv_sec ||
                before.st_ctim.tv_nsec != info_.st_ctim.tv_nsec);
  }
}

// As long as it has the file open, it might be in the midst of a write.
TEST_F(StillFileTest, AWriterIsWaitedFor) {
  UniqueFd writer(open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(WriteAll(writer.get(), "NEW", 3));
  Reopen();
  std::atomic<bool> closed{false};
  std::jthread thread([&] {
    std::this_thread::sleep_for(50ms);
    EXPECT_TRUE(WriteAll(writer.get(), " CONTENT and more", 17));
    closed = true;
    writer.reset(-1);
  });
  EXPECT_EQ(WaitUntilStill(file_.get(), &info_), Stillness::kStill);
  EXPECT_TRUE(closed);
  EXPECT_EQ(info_.st_size, 20);
}

TEST_F(StillFileTest, ALogThatGrowsIsTaken) {
  std::jthread thread([&](const std::stop_token& stop) {
    UniqueFd writer(open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    while (!stop.stop_requested()) {
      EXPECT_TRUE(WriteAll(writer.get(), "line\n", 5));
      std::this_thread::sleep_for(5ms);
    }
  });
  EXPECT_EQ(WaitUntilStill(file_.get(), &info_), Stillness::kStill);
}

TEST_F(StillFileTest, NoFile) {
  info_.st_ctim = {};
  clock_gettime(CLOCK_REALTIME_COARSE, &info_.st_ctim);
  EXPECT_EQ(WaitUntilStill(-1, &info_), Stillness::kFailed);
}

}  // namespace
}  // namespace kontext
