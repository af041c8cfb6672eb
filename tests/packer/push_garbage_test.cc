// What is stored stays within 2 x live + 4 MiB (design 3.4), also when an image holds what hardly
// compresses beside what leaves nothing. What is truly live is measured: by a push of the same tree
// from nothing.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "packer/kontext.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

namespace fs = std::filesystem;

enum Kind { kZeros, kText, kNoise, kKinds };

class PushGarbageTest : public testing::Test {
 protected:
  PushGarbageTest() { fs::create_directory(tree_); }

  void AddFile() {
    Kind kind = static_cast<Kind>(random_.Below(kKinds));
    size_t size = size_t{1} << (14 + random_.Below(8));
    size += random_.Below(size);
    std::string content = kind == kZeros  ? std::string(4 * size, '\0')
                          : kind == kText ? random_.Text(size, "eeetaoinshr ")
                                          : random_.Bytes(size);
    std::string name = std::to_string(random_.Below(1000000));
    WriteFile(tree_ + '/' + name, content);
    files_[name] = kind;
  }

  void AddFiles(size_t count) {
    while (count-- > 0) AddFile();
  }

  template <typename Which>
  void Remove(const Which& which) {
    std::erase_if(files_, [&](const auto& file) {
      return which(file.second) && fs::remove(tree_ + '/' + file.first);
    });
  }

  std::string Act() {
    switch (random_.Below(4)) {
      case 0: {
        Kind kind = static_cast<Kind>(random_.Below(kKinds));
        Remove([&](Kind of) { return of == kind; });
        return "removed kind " + std::to_string(kind);
      }
      case 1:
        Remove([&](Kind) { return random_.Percent(40); });
        return "removed some";
      case 2:
        AddFiles(15);
        return "added some";
      default:
        Remove([&](Kind) { return random_.Percent(20); });
        AddFiles(8);
        return "replaced some";
    }
  }

  uint64_t StoredAfterPush(const std::string& layout) {
    std::string reference = "oci:" + (dir_ / layout);
    Push(tree_, reference, options_);
    return Inspect(reference, options_).stored_bytes;
  }

  Random random_;
  TempDir dir_;
  std::string tree_ = dir_ / "tree";
  std::map<std::string, Kind> files_;
  PushOptions options_;
};

TEST_F(PushGarbageTest, StoredIsBoundedWhateverIsMixed) {
  constexpr uint64_t kTolerated = 4 << 20;
  AddFiles(50);
  std::string acts;
  for (int push = 0; push < 16; ++push) {
    uint64_t stored = StoredAfterPush("image");
    uint64_t live = StoredAfterPush("clean" + std::to_string(push));
    ASSERT_LE(stored, 2 * live + kTolerated) << acts;
    acts += Act() + '\n';
    WriteFile(tree_ + "/push", std::to_string(push));
  }
}

TEST_F(PushGarbageTest, LittleThatLeavesMuch) {
  WriteFile(tree_ + "/zeros", std::string(60000000, '\0'));
  WriteFile(tree_ + "/noise", random_.Bytes(12000000));
  uint64_t first = StoredAfterPush("image");
  fs::remove(tree_ + "/noise");
  EXPECT_LT(StoredAfterPush("image"), first / 20);
}

}  // namespace
}  // namespace kontext
