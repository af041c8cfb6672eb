// Tags go from a layout, and the blobs that nothing leads to any more.
#include "packer/store/layout_sweep.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "packer/error.h"
#include "packer/store/layout_index.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

std::string Hex(char c) { return std::string(64, c); }
std::string Digest256(char c) { return "sha256:" + Hex(c); }

std::string Entry(char digest, const std::string& tag) {
  return R"({"digest":")" + Digest256(digest) +
         R"(","size":1,"annotations":{"org.opencontainers.image.ref.name":")" + tag + R"("}})";
}

std::string IndexOf(const std::string& entries) {
  return R"({"schemaVersion":2,"manifests":[)" + entries + R"(],"extra":1})";
}

TEST(WithoutTest, TagsAndDigests) {
  std::string all = IndexOf(Entry('a', "v1") + "," + Entry('b', "v2") + "," + Entry('a', "v3"));
  EXPECT_EQ(Without(all, "v2"), IndexOf(Entry('a', "v1") + "," + Entry('a', "v3")));
  EXPECT_EQ(Without(all, Digest256('a')), IndexOf(Entry('b', "v2")));
  EXPECT_FALSE(Without(all, "v4"));
  EXPECT_FALSE(Without(all, Digest256('c')));
  EXPECT_THROW(Without("{}", "v1"), Error);
}

TEST(DigestsInTest, WhateverMentionsThem) {
  EXPECT_EQ(DigestsIn("x " + Digest256('a') + Digest256('b') + " sha256:short sha256:"),
            (std::set<std::string>{Digest256('a'), Digest256('b')}));
}

class SweepTest : public testing::Test {
 protected:
  void Put(char name, const std::string& content) { WriteFile(Path(name), content); }
  std::string Path(char name) const { return folder_ + '/' + Hex(name); }
  bool Has(char name) const { return std::filesystem::exists(Path(name)); }

  TempDir dir_;
  std::string folder_ = dir_ / "blobs";
};

TEST_F(SweepTest, KeepsWhatIsReachable) {
  Put('a', R"({"manifests":[{"digest":")" + Digest256('b') + R"("}]})");
  Put('b', R"({"config":{"digest":")" + Digest256('c') + R"("},"layers":[{"digest":")" +
               Digest256('d') + R"("}]})");
  Put('c', "{}");
  Put('d', "\x1f\x8b layer " + Digest256('e'));  // no document: what it holds is its own affair
  Put('e', "unneeded");
  WriteFile(folder_ + "/notes", "not a blob");
  SweepBlobs(folder_, IndexOf(Entry('a', "v1")));
  for (char kept : {'a', 'b', 'c', 'd'}) EXPECT_TRUE(Has(kept)) << kept;
  EXPECT_FALSE(Has('e'));
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/notes"));
}

TEST_F(SweepTest, NotWhileSomebodyWrites) {
  Put('e', "unneeded");
  {
    UniqueFd held = HoldBlobs(folder_);
    ASSERT_TRUE(held.valid());
    SweepBlobs(folder_, IndexOf(""));
    EXPECT_TRUE(Has('e'));
  }
  SweepBlobs(folder_, IndexOf(""));
  EXPECT_FALSE(Has('e'));
  EXPECT_FALSE(HoldBlobs(folder_ + "/none").valid());
}

}  // namespace
}  // namespace kontext
