#include "packer/temp_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "packer/error.h"
#include "packer/leftover.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

namespace fs = std::filesystem;

std::string Content(const std::string& path) {
  std::string text;
  return ReadWholeFile(path, 1000, &text) ? text : "(none)";
}

size_t Count(const std::string& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), {}));
}

TEST(TempFileTest, IsThereOnceCommitted) {
  TempDir dir;
  {
    TempFile dropped(dir.path());
    dropped.Write("x", 1);
  }
  EXPECT_EQ(Count(dir.path()), 0U);
  for (const char* text : {"first", "second"}) {  // the second in place of the first
    TempFile file(dir.path());
    file.Write(text, strlen(text));
    EXPECT_EQ(Content(dir / "f"), *text == 'f' ? "(none)" : "first");
    file.Commit(dir / "f");
    EXPECT_EQ(Content(dir / "f"), text);
  }
  EXPECT_EQ(Count(dir.path()), 1U);
}

TEST(TempFileTest, HasTheModeThatOpenGives) {
  TempDir dir;
  mode_t before = umask(027);
  TempFile(dir.path()).Commit(dir / "f");
  UniqueFd folder(open(dir.path().c_str(), O_RDONLY | O_DIRECTORY));
  TempFile(folder.get(), 0600).CommitAs("g");
  umask(before);
  struct stat info;
  ASSERT_EQ(stat((dir / "f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640U);
  ASSERT_EQ(stat((dir / "g").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
}

TEST(TempFileTest, NamesItsTrouble) {
  TempDir dir;
  EXPECT_THROW(TempFile(dir / "missing"), Error);
  TempFile file(dir.path());
  fs::create_directory(dir / "folder");
  EXPECT_THROW(file.Commit(dir / "folder"), Error);
}

// A run that is killed while it writes: nothing, or a leftover that the next one knows.
TEST(TempFileTest, AKilledRunLeavesNothingForLong) {
  TempDir dir;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    TempFile file(dir.path());
    file.Write("half", 4);
    (void)!write(ready[1], "!", 1);
    pause();
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  size_t while_it_runs = Count(dir.path());
  RemoveLeftoversIn(dir.path());
  EXPECT_EQ(Count(dir.path()), while_it_runs) << "it is held";
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  RemoveLeftoversIn(dir.path());
  EXPECT_EQ(Count(dir.path()), 0U);
  close(ready[0]);
  close(ready[1]);
}

TEST(LeftoverTest, OnlyOursAndOnlyWhatNobodyHolds) {
  TempDir dir;
  std::string left = dir / NewTempName(), held = dir / NewTempName();
  for (const std::string& path : {left, held, dir / ".kontext-mine.tmp", dir / "other.tmp"}) {
    std::ofstream(path) << "x";
  }
  UniqueFd holder(open(held.c_str(), O_RDONLY));
  ASSERT_EQ(flock(holder.get(), LOCK_EX), 0);
  RemoveLeftoversIn(dir.path());
  EXPECT_FALSE(fs::exists(left));
  EXPECT_EQ(Count(dir.path()), 3U);
  RemoveLeftoversIn(dir / "missing");
}

}  // namespace
}  // namespace kontext
