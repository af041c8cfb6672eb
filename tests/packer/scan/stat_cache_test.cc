#include "packer/scan/stat_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/index_text.h"
#include "tests/support/random.h"
#include "tests/support/touched.h"
#include "tests/support/tree_model.h"

namespace kontext {
namespace {

constexpr int64_t kTrustAll = INT64_MAX;

// The stats of the n-th entry.
FileStat StatOf(size_t n) {
  int64_t number = static_cast<int64_t>(n);
  return {1000 + number, 2000 + number, 3000 + n};
}

Scanned ScannedOf(const Tree& tree) {
  Scanned scanned;
  for (const auto& [path, node] : tree) {
    IndexEntry entry = EntryOf(path, node);
    scanned.walked.stats.push_back(
        entry.type == EntryType::kFile ? StatOf(scanned.walked.stats.size()) : FileStat());
    scanned.walked.listing.Add(entry);
  }
  scanned.totals = scanned.walked.listing.Totals();
  scanned.tree = scanned.walked.listing.TreeDigest();
  return scanned;
}

// The same, as a walk gives it.
Walked WalkedOf(const Tree& tree) {
  Walked walked = ScannedOf(tree).walked;
  for (IndexEntry& entry : walked.listing.mutable_entries()) entry.sha256 = {};
  return walked;
}

// All of it is touched.
Recalled RecallAll(const RecordedTree& recorded, Walked* walked) {
  TouchAll(recorded, walked);
  return Recall(recorded, walked);
}

std::string BytesOf(const Scanned& scanned, int64_t trust_before) {
  std::string bytes;
  WriteStatRecord(scanned, trust_before, [&](std::string_view part) { bytes += part; });
  return bytes;
}

Tree SomeTree() {
  return {{"a", {EntryType::kDir, 0755, ""}},
          {"a/f", {EntryType::kFile, 0644, "content"}},
          {"a-", {EntryType::kFile, 0755, ""}},
          {"l", {EntryType::kSymlink, 0, "a/f"}}};
}

TEST(StatCacheTest, WhatIsAsRecordedIsKnown) {
  Scanned scanned = ScannedOf(SomeTree());
  Walked walked = WalkedOf(SomeTree());
  std::string bytes = BytesOf(scanned, kTrustAll);
  RecordedTree recorded(bytes);
  Recalled recalled = RecallAll(recorded, &walked);
  EXPECT_TRUE(recalled.whole);
  EXPECT_TRUE(recalled.unknown.empty());
  EXPECT_EQ(recorded.tree(), scanned.tree);
  EXPECT_EQ(recorded.ToListing().TreeDigest(), scanned.tree);
  EXPECT_EQ(recorded.totals().files, 2u);
  EXPECT_EQ(recorded.totals().dirs, 1u);
  EXPECT_EQ(recorded.totals().symlinks, 1u);
  EXPECT_EQ(recorded.totals().bytes, 7u);
  EXPECT_EQ(walked.listing.TreeDigest(), scanned.tree);
}

TEST(StatCacheTest, AnyDifferenceIsNoticed) {
  using Change = std::function<void(Walked*)>;
  auto entry = [](Walked* walked, size_t i) -> IndexEntry& {
    return walked->listing.mutable_entries()[i];
  };
  // Entries: 0 "a", 1 "a/f", 2 "a-", 3 "l".
  const struct {
    const char* name;
    Change change;
    std::vector<size_t> unknown;
  } kCases[] = {
      {"size", [&](Walked* w) { entry(w, 1).size = 8; }, {1}},
      {"mtime", [](Walked* w) { w->stats[1].mtime++; }, {1}},
      {"ctime", [](Walked* w) { w->stats[1].ctime--; }, {1}},
      {"inode", [](Walked* w) { w->stats[2].inode++; }, {2}},
      {"path", [&](Walked* w) { entry(w, 1).path = "a/g"; }, {}},
      {"file mode", [&](Walked* w) { entry(w, 1).mode = 0600; }, {}},
      {"directory mode", [&](Walked* w) { entry(w, 0).mode = 0700; }, {}},
      {"link target", [&](Walked* w) { entry(w, 3).target = "a/g"; }, {}},
      {"link became a file", [&](Walked* w) { entry(w, 3).type = EntryType::kFile; }, {3}},
      {"file became a link", [&](Walked* w) { entry(w, 2).type = EntryType::kSymlink; }, {}},
      {"last one gone", [](Walked* w) { w->listing.mutable_entries().pop_back(); }, {}},
      {"first one gone",
       [](Walked* w) {
         w->listing.mutable_entries().erase(w->listing.mutable_entries().begin());
         w->stats.erase(w->stats.begin());
       },
       {}},
      {"one more",
       [](Walked* w) {
         w->listing.mutable_entries().push_back(FileEntry("z", "content"));
         w->stats.push_back(StatOf(9));
       },
       {4}},
  };
  std::string recorded = BytesOf(ScannedOf(SomeTree()), kTrustAll);
  for (const auto& test : kCases) {
    Walked walked = WalkedOf(SomeTree());
    test.change(&walked);
    Recalled recalled = RecallAll(RecordedTree(recorded), &walked);
    EXPECT_FALSE(recalled.whole) << test.name;
    EXPECT_EQ(recalled.unknown, test.unknown) << test.name;
  }
}

TEST(StatCacheTest, WhatIsNotOlderThanTheScanIsNotTrusted) {
  // The files have mtimes 1001 and 1002, ctimes 2001 and 2002.
  const struct {
    int64_t trust_before;
    int64_t add_to_mtime;
    std::vector<size_t> unknown;
  } kCases[] = {
      {3000, 0, {}},  {2003, 0, {}},     {2002, 0, {2}},       {2001, 0, {1, 2}},
      {0, 0, {1, 2}}, {3000, 1998, {2}}, {3000, 5000, {1, 2}},
  };
  for (const auto& test : kCases) {
    Scanned scanned = ScannedOf(SomeTree());
    Walked walked = WalkedOf(SomeTree());
    for (size_t i : {1, 2}) {
      scanned.walked.stats[i].mtime += test.add_to_mtime;
      walked.stats[i].mtime += test.add_to_mtime;
    }
    Recalled recalled = RecallAll(RecordedTree(BytesOf(scanned, test.trust_before)), &walked);
    EXPECT_EQ(recalled.unknown, test.unknown) << test.trust_before << " " << test.add_to_mtime;
    EXPECT_EQ(recalled.whole, test.unknown.empty());
  }
}

void ExpectNothingKnown(std::string_view recorded, const std::string& what) {
  Walked walked = WalkedOf(SomeTree());
  Recalled recalled = RecallAll(RecordedTree(recorded), &walked);
  EXPECT_FALSE(recalled.whole) << what;
  EXPECT_EQ(recalled.unknown, (std::vector<size_t>{1, 2})) << what;
}

TEST(StatCacheTest, EveryFlippedBitAndEveryTruncationIsNoticed) {
  const std::string recorded = BytesOf(ScannedOf(SomeTree()), kTrustAll);
  for (size_t i = 0; i < recorded.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = recorded;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      ExpectNothingKnown(damaged, "byte " + std::to_string(i));
    }
    // A copy of its own, so that a sanitizer sees a read past the end.
    ExpectNothingKnown(std::string(recorded.data(), i), "length " + std::to_string(i));
  }
  ExpectNothingKnown(recorded + '\0', "one byte more");
}

TEST(StatCacheTest, RandomDamageIsNoticed) {
  Random random;
  const std::string recorded = BytesOf(ScannedOf(SomeTree()), kTrustAll);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = recorded;
    size_t begin = random.Below(damaged.size());
    size_t size = 1 + random.Below(damaged.size() - begin);
    damaged.replace(begin, size, random.Percent(50) ? random.Bytes(size) : std::string(size, '\0'));
    if (damaged == recorded) continue;
    ExpectNothingKnown(damaged, "from " + std::to_string(begin));
  }
  for (int round = 0; round < 1000; ++round) {
    ExpectNothingKnown(random.Bytes(random.Below(400)), "random bytes");
  }
}

TEST(StatCacheTest, AnotherTreesRecordIsUsedForWhatIsEqualOnly) {
  Random random;
  for (int round = 0; round < 300; ++round) {
    Tree before, after;
    for (int i = 0; i < 30; ++i) EditTree(&random, &before);
    after = before;
    for (size_t i = random.Below(4); i > 0; --i) EditTree(&random, &after);
    Scanned old = ScannedOf(before);
    Walked walked = WalkedOf(after);
    // The inode says which content it is: a file of other content is another file.
    auto identify = [](const Tree& tree, Walked* one) {
      size_t i = 0;
      for (const auto& [path, node] : tree) {
        one->stats[i] = {};
        if (node.type == EntryType::kFile) one->stats[i].inode = node.text.size();
        ++i;
      }
    };
    identify(before, &old.walked);
    identify(after, &walked);
    Recalled recalled = RecallAll(RecordedTree(BytesOf(old, kTrustAll)), &walked);
    EXPECT_EQ(recalled.whole, before == after);
    Walked expected = ScannedOf(after).walked;
    std::vector<bool> unknown(expected.stats.size());
    for (size_t i : recalled.unknown) unknown[i] = true;
    for (size_t i = 0; i < expected.stats.size(); ++i) {
      const IndexEntry& entry = expected.listing.entries()[i];
      // Under whatever path.
      bool same = std::any_of(before.begin(), before.end(), [&](const auto& item) {
        return item.second.type == EntryType::kFile &&
               item.second.text == after.find(entry.path)->second.text;
      });
      if (entry.type != EntryType::kFile) continue;
      EXPECT_EQ(unknown[i], !same) << entry.path;
      if (same) {
        EXPECT_EQ(walked.listing.entries()[i].sha256, entry.sha256) << entry.path;
      }
    }
  }
}

}  // namespace
}  // namespace kontext
