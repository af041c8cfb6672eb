// Runs that are killed, and runs that somebody works against.

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "common/fd.h"
#include "tests/extractor/image_builder.h"
#include "tests/support/random.h"

namespace kontext::extractor {
namespace {

constexpr char kLeftover[] = ".kontext-0123456789abcdef-0000000000000001.tmp";

class InterruptTest : public ExtractorTest {
 protected:
  // Directories, files of some buffers, links; contents differ from round to round.
  void MakeImage(Random* random) {
    image_ = ImageBuilder();
    for (size_t d = 0; d < 4; ++d) {
      std::string dir = "d" + std::to_string(d);
      // Types change from round to round, too.
      if (random->Percent(25)) {
        image_.File(dir, random->Bytes(random->Below(1000)));
        continue;
      }
      image_.Dir(dir, random->Percent(30) ? 0555 : 0755);
      for (size_t f = 0; f < 8; ++f) {
        std::string path = dir + "/" + std::to_string(f);
        if (random->Percent(20)) {
          image_.Link(path, "to-" + std::to_string(random->Below(3)));
        } else {
          image_.File(path, random->Bytes(random->Below(400000)), 0640);
        }
      }
    }
    image_.Write(root_);
  }

  // Extracts in a process of its own that dies after so long. True: it was done before that.
  bool ExtractAndKill(unsigned microseconds) {
    pid_t child = fork();
    if (child == 0) _exit(Do(Command::kExtract));
    usleep(microseconds);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status);
  }
};

TEST_F(InterruptTest, KilledAtAnyMomentTheNextRunEndsRight) {
  Random random;
  int killed = 0;
  for (int round = 0; round < 15; ++round) {
    MakeImage(&random);
    for (int run = 0; run < 3; ++run) {
      killed += !ExtractAndKill(static_cast<unsigned>(random.Below(8000)));
    }
    ASSERT_EQ(Do(Command::kExtract), 0) << messages_;
    for (const auto& entry : fs::recursive_directory_iterator(target_)) {
      EXPECT_FALSE(entry.path().filename().string().starts_with(".kontext-")) << entry.path();
    }
    // What the listings of the rounds before had, and this one has not, goes too.
    ASSERT_EQ(Do(Command::kExtract, true), 0) << messages_;
    ASSERT_EQ(Do(Command::kVerify), 0) << messages_;
  }
  EXPECT_GT(killed, 0);
}

TEST_F(InterruptTest, LeftoversOfAKilledRunAreRemoved) {
  image_.Dir("a");
  image_.File("a/file", "text");
  ASSERT_EQ(Extract(), 0) << messages_;
  WriteText(target_ / kLeftover, "half a fi");
  WriteText(target_ / "a" / kLeftover / "deep/er", "staged by a pull");
  fs::create_symlink(dir_, target_ / ".kontext-0123456789abcdef-0000000000000002.tmp");
  ASSERT_EQ(Do(Command::kExtract), 0) << messages_;
  EXPECT_EQ(Do(Command::kVerify), 0) << messages_;
  EXPECT_TRUE(fs::exists(root_));
}

TEST_F(InterruptTest, WhatAnotherRunIsWritingStays) {
  image_.File("file", "text");
  ASSERT_EQ(Extract(), 0) << messages_;
  for (const char* name : {".kontext-0123456789abcdef-000000000000000.tmp", ".kontext-a-1.tmp",
                           ".kontext-0123456789abcdef-0000000000000001.tmp2"}) {
    WriteText(target_ / name, "another name");
  }
  WriteText(target_ / kLeftover, "half a fi");
  UniqueFd held(open((target_ / kLeftover).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(flock(held.get(), LOCK_EX), 0);
  ASSERT_EQ(Do(Command::kExtract), 0) << messages_;
  EXPECT_EQ(FilesInTarget(), 5u);
  held.reset(-1);
  ASSERT_EQ(Do(Command::kExtract), 0) << messages_;
  EXPECT_EQ(FilesInTarget(), 4u);
}

TEST_F(InterruptTest, TwoRunsAtOnceBothEndRight) {
  Random random;
  MakeImage(&random);
  for (int round = 0; round < 10; ++round) {
    fs::remove_all(target_);
    pid_t other = fork();
    if (other == 0) _exit(Do(Command::kExtract));
    EXPECT_EQ(Do(Command::kExtract), 0) << messages_;
    int status = 0;
    waitpid(other, &status, 0);
    EXPECT_EQ(status, 0);
    ASSERT_EQ(Do(Command::kVerify), 0) << messages_;
  }
}

// Whoever swaps directories and files of the target for symlinks while it is written gets nothing
// written through them.
TEST_F(InterruptTest, SymlinksPlantedMeanwhileAreNotFollowed) {
  fs::path outside = dir_ / "outside";
  WriteText(outside / "0", "canary");
  WriteText(outside / "1", "canary");
  Random random;
  MakeImage(&random);
  std::atomic<bool> done{false};
  std::thread planter([&] {
    for (unsigned i = 0; !done; ++i) {
      std::error_code ignored;
      fs::path dir = target_ / ("d" + std::to_string(i % 4));
      fs::path aside = target_ / ("aside" + std::to_string(i));
      fs::rename(dir, aside, ignored);
      fs::create_directory_symlink(outside, dir, ignored);
      // The link of a moment ago may have been moved aside: nothing is planted through it.
      if (!fs::is_directory(fs::symlink_status(aside, ignored))) continue;
      fs::path file = aside / std::to_string(i % 8);
      fs::remove(file, ignored);
      fs::create_symlink(outside / std::to_string(i % 2), file, ignored);
    }
  });
  for (int round = 0; round < 30; ++round) Do(Command::kExtract, round % 3 == 0);
  done = true;
  planter.join();
  EXPECT_EQ(ReadText(outside / "0"), "canary");
  EXPECT_EQ(ReadText(outside / "1"), "canary");
  EXPECT_EQ(std::distance(fs::directory_iterator(outside), fs::directory_iterator()), 2);
  // And with nobody there any more it ends right.
  ASSERT_EQ(Do(Command::kExtract, true), 0) << messages_;
  ASSERT_EQ(Do(Command::kVerify), 0) << messages_;
}

}  // namespace
}  // namespace kontext::extractor
