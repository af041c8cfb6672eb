#include "packer/plan/fold.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/layout.h"
#include "packer/error.h"
#include "tests/support/segments.h"

namespace kontext {
namespace {

SegmentIndex Index(const std::vector<IndexEntry>& lines) {
  SegmentIndex index;
  for (const IndexEntry& line : lines) index.lines += LineOf(line);
  index.digest = Sha(index.lines);
  return index;
}

TEST(FoldTest, KeepsAt) {
  std::vector<SegmentIndex> segments = {Index({FileEntry("a", "1")}),
                                        Index({FileEntry("b", "1", "a")})};
  Listing listing = Fold(segments);
  ASSERT_EQ(listing.entries().size(), 2u);
  EXPECT_EQ(listing.entries()[0].at, "");
  EXPECT_EQ(listing.entries()[1].at, "a");
}

TEST(FoldTest, ABrokenSegmentIsNamed) {
  SegmentIndex good = Index({FileEntry("a", "1")});
  SegmentIndex broken = good;
  broken.lines[10] ^= 1;
  try {
    Fold(std::vector<SegmentIndex>{good, broken});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFormat);
    EXPECT_NE(std::string(error.what()).find(HexOf(good.digest)), std::string::npos);
  }
}

TEST(FindUnplacedTest, Table) {
  const std::string object = std::string(kObjectsPath) + '/' + HexOf(Sha("1"));
  const IndexEntry points = FileEntry("z", "1", "d/a");
  const SegmentIndex has = Index({DirEntry("d"), FileEntry("d/a", "1")});
  const struct {
    const char* name;
    std::vector<SegmentIndex> segments;
    bool unplaced;
  } kCases[] = {
      {"shown", {has, Index({points})}, false},
      {"never there", {Index({points})}, true},
      {"other content", {has, Index({FileEntry("d/a", "2")}), Index({points})}, true},
      {"whited out", {has, Index({RemovedEntry("d/a")}), Index({points})}, true},
      {"whited out with its directory", {has, Index({RemovedEntry("d")}), Index({points})}, true},
      {"removed, not whited out",
       {has, Index({RemovedEntry("d/a", false)}), Index({points})},
       false},
      {"covered by a link", {has, Index({LinkEntry("d", "t")}), Index({points})}, true},
      {"covered by a file", {has, Index({FileEntry("d", "x")}), Index({points})}, true},
      {"a mode of its directory", {has, Index({DirEntry("d", 0700)}), Index({points})}, false},
      {"an object", {Index({ObjectEntry("1"), FileEntry("z", "1", object)})}, false},
      {"no such object", {Index({ObjectEntry("2"), FileEntry("z", "1", object)})}, true},
  };
  for (const auto& test : kCases) {
    Listing listing = Fold(test.segments);
    size_t last = listing.entries().size() - 1;
    EXPECT_EQ(FindUnplaced(test.segments, listing),
              test.unplaced ? std::vector<size_t>{last} : std::vector<size_t>{})
        << test.name;
  }
}

TEST(ListingTest, TotalsAndTreeDigest) {
  Tree tree = {{"d", {EntryType::kDir, 0755, ""}},
               {"d/f", {EntryType::kFile, 0644, "four"}},
               {"g", {EntryType::kFile, 0644, "one"}},
               {"l", {EntryType::kSymlink, 0, "t"}}};
  Listing listing = ListingOf(tree);
  ListingTotals totals = listing.Totals();
  EXPECT_EQ(totals.files, 2u);
  EXPECT_EQ(totals.dirs, 1u);
  EXPECT_EQ(totals.symlinks, 1u);
  EXPECT_EQ(totals.bytes, 7u);
  EXPECT_EQ(listing.TreeDigest(), Sha(ListingTextOf(tree)));
  listing.mutable_entries()[1].at = "elsewhere";
  EXPECT_EQ(listing.TreeDigest(), Sha(ListingTextOf(tree)));
}

TEST(ListingTest, TextStaysWhenTheListingMoves) {
  Listing listing;
  for (int i = 0; i < 10000; ++i)
    listing.Add(FileEntry("some/long/path/" + std::to_string(100000 + i), "x"));
  Listing moved = std::move(listing);
  EXPECT_EQ(moved.entries()[9999].path, "some/long/path/109999");
}

}  // namespace
}  // namespace kontext
