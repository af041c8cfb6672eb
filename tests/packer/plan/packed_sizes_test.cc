#include "packer/plan/packed_sizes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/random.h"

namespace kontext {
namespace {

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;

using Contents = std::vector<PackedContent>;

const PackedContent kNoise = {kMiB, kMiB};
const PackedContent kText = {kMiB, kMiB / 4};
const PackedContent kZeros = {kMiB, kKiB};

Contents Times(size_t count, const PackedContent& content) { return Contents(count, content); }

Contents Join(std::vector<Contents> parts) {
  Contents all;
  for (const Contents& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST(PackedSizesTest, Written) {
  const struct {
    const char* name;
    Contents contents;
    std::string hint;
  } kCases[] = {
      {"nothing", {}, ""},
      {"one content", {kNoise}, ""},
      {"all alike", Times(1000, kText), ""},
      {"rates that differ little", Join({Times(50, kText), Times(50, {kMiB, kMiB / 5})}), ""},
      {"noise, zeros", Join({Times(3, kNoise), Times(40, kZeros)}), "3:3072,40:40"},
      {"one among many", Join({Times(99, kZeros), {kNoise}, Times(50, kZeros)}),
       "99:99,1:1024,50:50"},
      {"small ones do not count", Join({Times(9, kText), {{9 * kKiB, 9 * kKiB}}, Times(9, kText)}),
       ""},
      {"but many of them do", Join({Times(9, kText), Times(100, {9 * kKiB, 9 * kKiB})}),
       "9:2304,100:900"},
      {"empty files", Join({Times(5, {0, 0}), Times(2, kNoise), Times(4, {0, 0}), {kText}}),
       "7:2048,5:256"},
  };
  for (const auto& test : kCases)
    EXPECT_EQ(WritePackedSizes(test.contents), test.hint) << test.name;
}

TEST(PackedSizesTest, Read) {
  const Contents before = {{300, 7}, {100, 7}, {0, 7}, {50, 7}};
  Contents contents = before;
  ASSERT_TRUE(ReadPackedSizes("2:4,1:0,1:9", &contents));
  EXPECT_EQ(contents[0].packed, 3072u);
  EXPECT_EQ(contents[1].packed, 1024u);
  EXPECT_EQ(contents[2].packed, 0u);
  EXPECT_EQ(contents[3].packed, 9216u);
  ASSERT_TRUE(ReadPackedSizes("4:9", &contents));
  for (const char* damaged : {"",
                              "4",
                              "4:",
                              ":4",
                              "4:9,",
                              ",4:9",
                              "3:9",
                              "5:9",
                              "2:4,1:0",
                              "2:4,1:0,2:9",
                              "0:1,4:9",
                              "-4:9",
                              "4:-9",
                              "4:9 ",
                              "4 :9",
                              "4:1.5",
                              "4:x",
                              "4:9;1:1",
                              "18446744073709551615:1,5:1",
                              "4:18446744073709551615",
                              "4:99999999999999999999999",
                              "4:2000000000000"}) {
    contents = before;
    EXPECT_FALSE(ReadPackedSizes(damaged, &contents)) << damaged;
    EXPECT_EQ(contents[3].packed, 7u) << damaged;
  }
}

// However kinds are mixed: what the hint says of any of them is near to what it is.
TEST(PackedSizesTest, EstimatesOfAKindAreNear) {
  Random random;
  for (int round = 0; round < 60; ++round) {
    Contents contents(1 + random.Below(200));
    std::vector<size_t> kinds;
    for (PackedContent& content : contents) {
      content.bytes = uint64_t{1} << (10 + random.Below(12));
      content.bytes += random.Below(content.bytes);
      kinds.push_back(random.Below(3));
      content.packed = kinds.back() == 0   ? content.bytes
                       : kinds.back() == 1 ? content.bytes * (20 + random.Below(10)) / 100
                                           : content.bytes / 1000;
    }
    Contents read = contents;
    for (PackedContent& content : read) content.packed = 0;
    std::string hint = WritePackedSizes(contents);
    ASSERT_LE(std::count(hint.begin(), hint.end(), ':'), static_cast<ptrdiff_t>(kMostRuns));
    if (hint.empty()) continue;
    ASSERT_TRUE(ReadPackedSizes(hint, &read)) << hint;
    uint64_t whole = 0;
    for (const PackedContent& content : contents) whole += content.packed;
    for (size_t kind = 0; kind < 3; ++kind) {
      int64_t off = 0;
      for (size_t i = 0; i < contents.size(); ++i) {
        if (kinds[i] != kind) continue;
        off += static_cast<int64_t>(read[i].packed) - static_cast<int64_t>(contents[i].packed);
      }
      EXPECT_LE(std::abs(off), static_cast<int64_t>(whole / 20 + 256 * kKiB)) << hint;
    }
  }
}

TEST(PackedSizesTest, ManyChangesOfKind) {
  Contents contents;
  for (int i = 0; i < 3000; ++i) contents.push_back(i % 2 == 0 ? kNoise : kZeros);
  for (int i = 0; i < 3000; ++i) contents.push_back(kZeros);
  std::string hint = WritePackedSizes(contents);
  EXPECT_LE(std::count(hint.begin(), hint.end(), ':'), static_cast<ptrdiff_t>(kMostRuns));
  EXPECT_NE(hint, "");
}

}  // namespace
}  // namespace kontext
