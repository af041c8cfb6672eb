#include "packer/scan/tree_marks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "packer/hash.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

std::string FileOf(const std::vector<TreeMark>& marks, const Digest& tree) {
  std::string bytes;
  WriteTreeMarks(marks, tree, [&](std::string_view part) { bytes += part; });
  return bytes;
}

class TreeMarksTest : public testing::Test {
 protected:
  void Build(size_t size) {
    paths_.clear();
    for (size_t i = 0; i < size; ++i) paths_.push_back("d/" + std::to_string(1'000'000 + i));
    entries_.assign(size, {});
    for (size_t i = 0; i < size; ++i) {
      entries_[i].path = paths_[i];
      entries_[i].type = EntryType::kFile;
      entries_[i].mode = 0644;
      entries_[i].size = random_.Below(1'000'000);
    }
  }

  Digest Whole() const {
    TreeHasher hasher;
    for (const IndexEntry& entry : entries_) hasher.Add(entry);
    return hasher.Finish();
  }

  Digest From(MarkedTreeHasher* hasher) const {
    for (size_t i = hasher->next(); i < entries_.size(); ++i) hasher->Add(entries_[i]);
    return hasher->Finish();
  }

  Random random_;
  std::vector<std::string> paths_;
  std::vector<IndexEntry> entries_;
};

TEST_F(TreeMarksTest, AHashGoesOnFromAnyState) {
  std::string message = random_.Bytes(300);
  for (size_t split = 0; split <= message.size(); ++split) {
    Hasher begun;
    begun.Update(std::string_view(message).substr(0, split));
    Hasher other(begun.state());
    other.Update(std::string_view(message).substr(split));
    ASSERT_EQ(other.FinishString(), DigestOf(message)) << split;
  }
}

TEST_F(TreeMarksTest, AChangeIsHashedFromTheLastMarkBeforeIt) {
  for (size_t size : {0, 1, 2, 31, 32, 33, 64, 1000, 5000}) {
    SCOPED_TRACE(size);
    Build(size);
    MarkedTreeHasher first({}, size);
    Digest tree = From(&first);
    EXPECT_EQ(tree, Whole());
    std::string kept = FileOf(first.marks(), tree);
    for (int round = 0; round < 30 && size > 0; ++round) {
      size_t changed = random_.Below(size);
      ++entries_[changed].size;
      std::vector<TreeMark> marks = ReadTreeMarks(kept, tree, changed);
      MarkedTreeHasher hasher(marks, size);
      EXPECT_LE(hasher.next(), changed);
      EXPECT_LE(changed - hasher.next(), 2 * (1 + size / 32)) << "more than has to be";
      tree = From(&hasher);
      ASSERT_EQ(tree, Whole()) << changed;
      EXPECT_LE(hasher.marks().size(), 64u);
      kept = FileOf(hasher.marks(), tree);
      EXPECT_LT(kept.size(), 8'000u) << "they do not grow with the tree";
    }
  }
}

TEST_F(TreeMarksTest, AListingMayGetLongerOrShorterBehindAMark) {
  Build(500);
  for (int round = 0; round < 40; ++round) {
    MarkedTreeHasher old({}, entries_.size());
    std::string kept = FileOf(old.marks(), From(&old));
    Digest tree = Whole();
    size_t at = random_.Below(entries_.size());
    if (round % 2 == 0) {
      entries_.erase(entries_.begin() + static_cast<long>(at));
    } else {
      entries_.insert(entries_.begin() + static_cast<long>(at), entries_[at]);
    }
    MarkedTreeHasher hasher(ReadTreeMarks(kept, tree, at), entries_.size());
    ASSERT_EQ(From(&hasher), Whole());
  }
}

TEST_F(TreeMarksTest, AListingThatGrowsHasNoMoreMarks) {
  Build(4000);
  std::vector<IndexEntry> all = entries_;
  std::vector<TreeMark> marks;
  for (size_t size = 1; size < all.size(); size += 1 + size / 20) {
    entries_.assign(all.begin(), all.begin() + static_cast<long>(size));
    MarkedTreeHasher hasher(marks, size);
    ASSERT_EQ(From(&hasher), Whole());
    marks = hasher.marks();
    ASSERT_LE(marks.size(), 100u);
  }
}

TEST_F(TreeMarksTest, WhatIsDamagedOrOfAnotherListingIsNotTaken) {
  Build(100);
  MarkedTreeHasher hasher({}, entries_.size());
  Digest tree = From(&hasher);
  std::string kept = FileOf(hasher.marks(), tree);
  EXPECT_FALSE(ReadTreeMarks(kept, tree, 100).empty());
  EXPECT_TRUE(ReadTreeMarks(kept, tree, 0).empty());
  Digest other = tree;
  other.bytes[31] ^= 1;
  EXPECT_TRUE(ReadTreeMarks(kept, other, 100).empty());
  for (size_t i = 0; i < kept.size(); ++i) {
    std::string damaged = kept;
    damaged[i] ^= static_cast<char>(1 + random_.Below(255));
    EXPECT_TRUE(ReadTreeMarks(damaged, tree, 100).empty()) << i;
    EXPECT_TRUE(ReadTreeMarks(kept.substr(0, i), tree, 100).empty()) << i;
  }
}

}  // namespace
}  // namespace kontext
