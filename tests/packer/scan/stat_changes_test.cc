#include "packer/scan/stat_changes.h"

#include <gtest/gtest.h>

#include <string>

#include "packer/cache/summed.h"
#include "packer/scan/stat_cache.h"
#include "tests/support/index_text.h"
#include "tests/support/random.h"
#include "tests/support/touched.h"
#include "tests/support/tree_model.h"

namespace kontext {
namespace {

constexpr int64_t kTrustBefore = 1000;

// Files of `tree`, each with times and an inode of its own; `clock` is the times' beginning.
Scanned ScannedOf(const Tree& tree, int64_t clock) {
  Scanned scanned;
  for (const auto& [path, node] : tree) {
    int64_t place = static_cast<int64_t>(scanned.walked.stats.size());
    FileStat stat = {clock + place, clock + place, static_cast<uint64_t>(place)};
    scanned.walked.stats.push_back(node.type == EntryType::kSymlink ? FileStat() : stat);
    scanned.walked.listing.Add(EntryOf(path, node));
  }
  scanned.totals = scanned.walked.listing.Totals();
  scanned.tree = scanned.walked.listing.TreeDigest();
  scanned.filter_name = Sha("filter " + std::to_string(clock));
  return scanned;
}

std::string RecordOf(const Scanned& scanned) {
  std::string bytes;
  WriteStatRecord(scanned, kTrustBefore, [&](std::string_view part) { bytes += part; });
  return bytes;
}

// What a file of changes since `record` says of `now`; empty: it takes a new record.
std::string ChangesTo(const RecordedTree& record, Scanned* now) {
  TouchAll(record, &now->walked);
  std::optional<StatChanges> changes = FindStatChanges(record, now->walked, kTrustBefore);
  if (!changes) return "";
  std::string bytes;
  WriteStatChanges(*changes, record.sum(), *now, [&](std::string_view part) { bytes += part; });
  return bytes;
}

void ExpectSame(const RecordedTree& one, const RecordedTree& other) {
  EXPECT_EQ(one.tree(), other.tree());
  EXPECT_EQ(one.filter_name(), other.filter_name());
  EXPECT_EQ(one.totals().bytes, other.totals().bytes);
  EXPECT_EQ(one.totals().files, other.totals().files);
  EXPECT_EQ(one.records(), other.records());
  EXPECT_EQ(one.ToListing().TreeDigest(), other.tree());
}

Tree SomeTree() {
  return {{"a", {EntryType::kDir, 0755, ""}},
          {"a/f", {EntryType::kFile, 0644, "content"}},
          {"a-", {EntryType::kFile, 0755, ""}},
          {"l", {EntryType::kSymlink, 0, "a/f"}}};
}

Tree ChangedTree() {
  Tree tree = SomeTree();
  tree["a"].mode = 0700;
  tree["a/f"].text = "other content";
  return tree;
}

TEST(StatChangesTest, ARecordWithItsChangesIsTheNewRecord) {
  Random random;
  for (int round = 0; round < 200; ++round) {
    Tree tree;
    for (int i = 0; i < 30; ++i) EditTree(&random, &tree);
    const std::string written = RecordOf(ScannedOf(tree, 10));
    std::string changes;
    for (int push = 0; push < 4; ++push) {
      for (auto& [path, node] : tree) {
        if (node.type == EntryType::kFile && random.Percent(10)) node.text += 'x';
        if (node.type != EntryType::kSymlink && random.Percent(5)) node.mode ^= 0100;
      }
      std::string bytes = written;
      RecordedTree record(bytes);
      ASSERT_TRUE(push == 0 || ApplyStatChanges(changes, bytes, &record));
      Scanned now = ScannedOf(tree, 10 + random.Below(2) * kTrustBefore);
      changes = ChangesTo(record, &now);
      ASSERT_NE(changes, "");
      bytes = written;
      record = RecordedTree(bytes);
      ASSERT_TRUE(ApplyStatChanges(changes, bytes, &record));
      std::string anew = RecordOf(now);
      ExpectSame(record, RecordedTree(anew));
    }
  }
}

TEST(StatChangesTest, OtherPathsAndTargetsTakeANewRecord) {
  std::string bytes = RecordOf(ScannedOf(SomeTree(), 10));
  auto takes_new = [&](const std::function<void(Tree*)>& edit) {
    Tree tree = SomeTree();
    edit(&tree);
    Scanned now = ScannedOf(tree, 10);
    return ChangesTo(RecordedTree(bytes), &now).empty();
  };
  EXPECT_FALSE(takes_new([](Tree* tree) { (*tree)["a/f"].text = "new"; }));
  EXPECT_TRUE(takes_new([](Tree* tree) { (*tree)["a/g"] = (*tree)["a/f"]; }));
  EXPECT_TRUE(takes_new([](Tree* tree) { tree->erase("a-"); }));
  EXPECT_TRUE(takes_new([](Tree* tree) {
    (*tree)["b"] = (*tree)["a-"];
    tree->erase("a-");
  }));
  EXPECT_TRUE(takes_new([](Tree* tree) { (*tree)["l"].text = "a/g"; }));
  EXPECT_TRUE(takes_new([](Tree* tree) { (*tree)["l"] = (*tree)["a/f"]; }));
  Scanned now = ScannedOf(SomeTree(), 10);
  EXPECT_EQ(ChangesTo(RecordedTree(), &now), "") << "without a record";
}

TEST(StatChangesTest, ManyTakeANewRecord) {
  Tree tree;
  for (int i = 0; i < 1600; ++i) tree[std::to_string(i)] = {EntryType::kFile, 0644, "x"};
  std::string bytes = RecordOf(ScannedOf(tree, 10));
  for (int changed : {100, 164, 165, 1000}) {
    Tree after = tree;
    auto next = after.begin();
    for (int i = 0; i < changed; ++i) (next++)->second.text = "yy";
    Scanned now = ScannedOf(after, 10);
    EXPECT_EQ(ChangesTo(RecordedTree(bytes), &now).empty(), changed > 164) << changed;
  }
}

TEST(StatChangesTest, DamageIsNoticedAndAnotherRecordsChangesAreNotTaken) {
  const std::string written = RecordOf(ScannedOf(SomeTree(), 10));
  Scanned now = ScannedOf(ChangedTree(), 10);
  const std::string changes = ChangesTo(RecordedTree(written), &now);
  auto expect_refused = [](const std::string& damaged, const std::string& record,
                           const std::string& what) {
    std::string bytes = record;
    RecordedTree tree(bytes);
    Digest before = tree.tree();
    EXPECT_FALSE(ApplyStatChanges(damaged, bytes, &tree)) << what;
    EXPECT_EQ(bytes, record) << what;
    EXPECT_EQ(tree.tree(), before) << what;
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = changes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      expect_refused(damaged, written, "byte " + std::to_string(i));
    }
    expect_refused(changes.substr(0, i), written, "length " + std::to_string(i));
  }
  expect_refused(changes, RecordOf(ScannedOf(SomeTree(), 11)), "another record");
  expect_refused(changes, "", "no record");
  // With a good checksum, at a place that is none and with another path.
  for (size_t at :
       {size_t{120}, size_t{120 + 8 + 64}, size_t{120 + 8 + 68}, size_t{120 + 8 + 72}}) {
    std::string wrong;
    SummedWriter writer([&](std::string_view part) { wrong += part; });
    std::string content = changes.substr(0, changes.size() - sizeof(uint64_t));
    content[at] = static_cast<char>(content[at] + 100);
    writer.Add(content);
    writer.Finish();
    expect_refused(wrong, written, "at " + std::to_string(at));
  }
}

}  // namespace
}  // namespace kontext
