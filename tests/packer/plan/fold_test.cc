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
