// The number of threads does not show in an image. (What else must not: e2e/test_reproducible.py.)
#include <gtest/gtest.h>

#include <set>

#include "packer/kontext.h"
#include "tests/support/tree_files.h"

namespace kontext {
namespace {

TEST(ReproducibleTest, WithAnyNumberOfThreads) {
  Random random;
  TempDir dir;
  Tree tree;
  for (int i = 0; i < 200; ++i) EditTree(&random, &tree);
  // More than the compressor takes at a time, and layers of both levels.
  tree["large"] = {EntryType::kFile, 0644, random.Bytes(5 << 20) + std::string(3 << 20, 'x')};
  if (geteuid() != 0) MakeWalkable(&tree);
  Materialize(tree, dir / "source");
  for (bool mirror : {false, true}) {
    std::set<std::string> digests;
    for (size_t threads : {1, 2, 3, 8, 33}) {
      PushOptions options;
      options.threads = threads;
      options.mirror = mirror;
      options.rebase = false;
      options.cache = false;
      digests.insert(Push(dir / "source", "oci:" + (dir / "layout") + ":v1", options).digest);
    }
    EXPECT_EQ(digests.size(), 1u);
  }
}

}  // namespace
}  // namespace kontext
