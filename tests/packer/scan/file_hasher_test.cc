#include "packer/scan/file_hasher.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "packer/error.h"
#include "tests/support/index_text.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

TEST(FileHasherTest, EveryFileWithAnyNumberOfThreads) {
  TempDir dir;
  Random random;
  std::vector<std::string> contents;
  for (size_t size : {0, 1, 1000, 262143, 262144, 262145, 700000}) {
    contents.push_back(random.Bytes(size));
    WriteFile(dir / ("f" + std::to_string(contents.size())), contents.back());
  }
  std::filesystem::create_directory(dir / "z");
  Context context(dir.path());
  for (size_t threads : {1, 2, 16}) {
    Walked walked = context.Walk({});
    HashFiles(context, threads, &walked);
    for (size_t i = 0; i < contents.size(); ++i) {
      EXPECT_EQ(walked.listing.entries()[i].sha256, Sha(contents[i])) << i;
      EXPECT_EQ(walked.listing.entries()[i].size, contents[i].size());
    }
  }
}

// Two files at a time, of any lengths, so that either one ends first.
TEST(FileHasherTest, FilesBesideOthersAreTheirOwn) {
  TempDir dir;
  Random random;
  constexpr size_t kNear[] = {0, 64, 128, 131072, 262144};
  std::vector<std::string> contents;
  for (size_t i = 0; i < 200; ++i) {
    size_t size = kNear[random.Below(std::size(kNear))] + random.Below(70);
    contents.push_back(random.Bytes(size > 35 ? size - 35 : size));
    WriteFile(dir / ("f" + std::to_string(1000 + i)), contents.back());
  }
  Context context(dir.path());
  for (size_t threads : {1, 2, 3}) {
    Walked walked = context.Walk({});
    QuickHashes quick_hashes = HashFiles(context, threads, &walked);
    for (size_t i = 0; i < contents.size(); ++i) {
      ASSERT_EQ(walked.listing.entries()[i].sha256, Sha(contents[i])) << i;
      ASSERT_EQ(walked.listing.entries()[i].size, contents[i].size());
      QuickHasher quick;
      quick.Update(contents[i]);
      ASSERT_EQ(quick_hashes.Find(Sha(contents[i])), quick.Finish()) << i;
    }
  }
}

// To wait for one must not make another change meanwhile.
TEST(FileHasherTest, LogsThatGrowBesideStillFilesAreRead) {
  TempDir dir;
  for (int i = 0; i < 40; ++i) {
    WriteFile(dir / ("f" + std::to_string(100 + i)), std::string(5000, 'x'));
  }
  std::vector<std::string> logs = {dir / "f101.log", dir / "f102.log", dir / "f103.log"};
  for (const std::string& log : logs) WriteFile(log, "first\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(600));  // the others are still by then
  std::jthread writer([&](const std::stop_token& stop) {
    std::vector<std::ofstream> open;
    for (const std::string& log : logs) open.emplace_back(log, std::ios::app);
    while (!stop.stop_requested()) {
      for (std::ofstream& log : open) log << "line" << std::endl;
      std::this_thread::sleep_for(std::chrono::milliseconds(150));
    }
  });
  Context context(dir.path());
  Walked walked = context.Walk({});
  EXPECT_NO_THROW(HashFiles(context, 1, &walked));
}

TEST(FileHasherTest, ASizeThatChangedSinceTheWalkIsTakenAsItIs) {
  TempDir dir;
  WriteFile(dir / "f", "old");
  Context context(dir.path());
  Walked walked = context.Walk({});
  WriteFile(dir / "f", "newer");
  HashFiles(context, 1, &walked);
  EXPECT_EQ(walked.listing.entries()[0].size, 5u);
  EXPECT_EQ(walked.listing.entries()[0].sha256, Sha("newer"));
}

TEST(FileHasherTest, AFileThatWentAwayIsNamed) {
  TempDir dir;
  WriteFile(dir / "f", "old");
  WriteFile(dir / "g", "old");
  Context context(dir.path());
  Walked walked = context.Walk({});
  std::filesystem::remove(dir / "g");
  try {
    HashFiles(context, 2, &walked);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kChanged);
    EXPECT_NE(std::string(error.what()).find(dir / "g"), std::string::npos);
  }
}

}  // namespace
}  // namespace kontext
