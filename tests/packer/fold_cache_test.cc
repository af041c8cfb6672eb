#include "packer/fold_cache.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/index_text.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

class FoldCacheTest : public testing::Test {
 protected:
  FoldCacheTest() : cache_(home_ / "cache") {}

  std::string File() const {
    for (const auto& item : std::filesystem::directory_iterator(home_ / "cache/lines")) {
      if (item.path().filename() != ".trimmed") return item.path();
    }
    return "";
  }

  TempDir home_;
  CacheDir cache_;
  const std::vector<Digest> segments_ = {Sha("a"), Sha("b"), Sha("c")};
  const Digest tree_ = Sha("tree");
  const std::vector<LiveLines> live_ = {
      {std::vector<bool>(130, true), 7}, {{}, 0}, {{true, false, true}, 1}};
};

TEST_F(FoldCacheTest, GivesBackWhatIsLive) {
  EXPECT_FALSE(IsKnownFold(&cache_, segments_, tree_));
  KeepFold(&cache_, segments_, tree_, live_);
  EXPECT_TRUE(IsKnownFold(&cache_, segments_, tree_));
  EXPECT_EQ(RecallLive(&cache_, segments_, tree_), live_);
  EXPECT_FALSE(IsKnownFold(&cache_, segments_, Sha("another tree")));
  EXPECT_FALSE(RecallLive(&cache_, segments_, Sha("another tree")));
  EXPECT_FALSE(RecallLive(&cache_, {Sha("b"), Sha("a"), Sha("c")}, tree_));
}

TEST_F(FoldCacheTest, AFoldOfWhichNothingElseIsKnown) {
  KeepFold(&cache_, segments_, tree_);
  EXPECT_TRUE(IsKnownFold(&cache_, segments_, tree_));
  EXPECT_FALSE(RecallLive(&cache_, segments_, tree_));
}

TEST_F(FoldCacheTest, NothingWithoutACache) {
  KeepFold(nullptr, segments_, tree_, live_);
  EXPECT_FALSE(IsKnownFold(nullptr, segments_, tree_));
  EXPECT_FALSE(RecallLive(nullptr, segments_, tree_));
}

TEST_F(FoldCacheTest, NothingWhenAnyByteIsDamagedOrMissing) {
  KeepFold(&cache_, segments_, tree_, live_);
  std::ifstream in(File(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    WriteFile(File(), damaged);
    ASSERT_FALSE(RecallLive(&cache_, segments_, tree_)) << i;
    WriteFile(File(), bytes.substr(0, i));
    ASSERT_FALSE(IsKnownFold(&cache_, segments_, tree_)) << i;
  }
}

}  // namespace
}  // namespace kontext
