#include "packer/scan/file_hasher.h"

#include <gtest/gtest.h>

#include <string>
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
