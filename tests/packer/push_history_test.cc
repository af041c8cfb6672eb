// A long history of random pushes into one layout: the listing is right after each, and the number
// of layers stays in bounds.
#include <gtest/gtest.h>

#include <string>

#include "packer/kontext.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tree_model.h"

namespace kontext {
namespace {

namespace fs = std::filesystem;

void Materialize(const Tree& tree, const std::string& root) {
  fs::remove_all(root);
  fs::create_directory(root);
  for (const auto& [path, node] : tree) {
    std::string full = root + '/' + path;
    if (node.type == EntryType::kDir) fs::create_directory(full);
    if (node.type == EntryType::kSymlink) fs::create_symlink(node.text, full);
    if (node.type == EntryType::kFile) WriteFile(full, node.text, node.mode);
  }
  for (const auto& [path, node] : tree) {
    // Others than root must still be able to list them.
    if (node.type != EntryType::kDir) continue;
    fs::permissions(root + '/' + path, static_cast<fs::perms>(node.mode));
  }
}

// Modes with which any user can walk the tree and remove it.
void MakeWalkable(Tree* tree) {
  for (auto& [path, node] : *tree) {
    if (node.type == EntryType::kDir) node.mode |= 0700;
    if (node.type == EntryType::kFile) node.mode |= 0400;
  }
}

TEST(PushHistoryTest, AHundredAndTwentyPushes) {
  constexpr size_t kMaxLayers = 48;  // design 3.4, the base included
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
  EXPECT_GT(most, 40u);
}

}  // namespace
}  // namespace kontext
