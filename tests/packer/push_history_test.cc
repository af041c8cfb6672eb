// A long history of random pushes into one layout: the listing is right after each, and the number
// of layers stays in bounds.
#include <gtest/gtest.h>

#include <string>

#include "packer/kontext.h"
#include "tests/support/tree_files.h"

namespace kontext {
namespace {

TEST(PushHistoryTest, AHundredAndTwentyPushes) {
  constexpr size_t kMaxLayers = 12;  // far below the 48 of design 3.4, for changes of one size
  Random random;
  TempDir dir;
  std::string root = dir / "tree";
  std::string reference = "oci:" + (dir / "layout") + ":v1";
  PushOptions options;
  options.threads = 1;
  options.warn = [](const std::string& text) { ADD_FAILURE() << text; };
  Tree tree;
  size_t most = 0;
  for (int push = 0; push < 120; ++push) {
    for (size_t edits = push == 0 ? 40 : 1 + random.Below(4); edits > 0; --edits) {
      EditTree(&random, &tree);
    }
    MakeWalkable(&tree);
    Materialize(tree, root);
    Push(root, reference, options);
    std::string listing;
    List(reference, options, true, [&](std::string_view line) { listing += line; });
    ASSERT_EQ(listing, ListingTextOf(tree)) << "push " << push;
    most = std::max(most, 1 + Inspect(reference, options).segments.size());
    ASSERT_LE(most, kMaxLayers) << "push " << push;
  }
  EXPECT_GT(most, 4u);
}

}  // namespace
}  // namespace kontext
