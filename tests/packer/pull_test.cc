// Random trees through a layout and back, into directories in any state; runs that are killed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "packer/kontext.h"
#include "tests/support/tree_files.h"

namespace kontext {
namespace {

namespace fs = std::filesystem;

Tree RandomTree(Random* random, Tree tree, size_t edits) {
  while (edits-- > 0) EditTree(random, &tree);
  MakeWalkable(&tree);
  for (auto& [path, node] : tree) {
    // Longer than a buffer, some of them, and others than what is there by chance.
    if (node.type == EntryType::kFile && random->Percent(5)) {
      node.text = random->Text(random->Below(300000), "pq");
    }
  }
  return tree;
}

class PullTest : public testing::Test {
 protected:
  void SetUp() override {
    push_.threads = 1;
    pull_.prune = true;
  }

  void PushTree(const Tree& tree) {
    Materialize(tree, source_);
    Push(source_, reference_, push_);
  }

  std::string Differences() {
    std::string all;
    VerifyOptions options;
    options.problem = [&](const std::string& problem) { all += problem + '\n'; };
    VerifyResult result = Verify(reference_, target_, options);
    EXPECT_EQ(result.problems == 0, all.empty());
    return all;
  }

  // Every entry's inode and time: what must stay when nothing is to do.
  std::string Stamps() {
    std::string all;
    for (const auto& [path, node] : ReadTree(target_)) {
      UniqueFd parent = OpenParent(target_, path);
      struct stat info = {};
      EXPECT_EQ(
          fstatat(parent.get(), std::string(NameOf(path)).c_str(), &info, AT_SYMLINK_NOFOLLOW), 0)
          << path;
      all += path + ' ' + std::to_string(info.st_ino) + ' ' + std::to_string(info.st_mtim.tv_sec) +
             '.' + std::to_string(info.st_mtim.tv_nsec) + '\n';
    }
    return all;
  }

  TempDir dir_;
  std::string source_ = dir_ / "source";
  std::string target_ = dir_ / "target";
  std::string reference_ = "oci:" + (dir_ / "layout") + ":v1";
  PushOptions push_;
  PullOptions pull_;
};

TEST_F(PullTest, AnyTreeOverAnyStateAndTwice) {
  Random random;
  Tree tree;
  for (int round = 0; round < 25; ++round) {
    tree = RandomTree(&random, tree, round == 0 ? 40 : 6);
    PushTree(tree);
    if (random.Percent(30)) {
      // Something else than any image had.
      Materialize(RandomTree(&random, tree, 10), target_);
    }
    Pull(reference_, target_, pull_);
    ASSERT_EQ(Differences(), "") << "round " << round;
    // Files named like leftovers are brought anew each time.
    bool odd = std::any_of(tree.begin(), tree.end(), [](const auto& item) {
      return item.first.find(".kontext-") != std::string::npos;
    });
    if (odd) continue;
    std::string stamps = Stamps();
    PullResult again = Pull(reference_, target_, pull_);
    EXPECT_EQ(again.fetched_bytes, 0u);
    EXPECT_EQ(again.written, 0u);
    EXPECT_EQ(Stamps(), stamps);
  }
}

TEST_F(PullTest, ARenamedFileIsNotFetched) {
  Random random;
  Tree tree;
  tree["a"] = Node{EntryType::kFile, 0644, random.Bytes(200000)};
  PushTree(tree);
  EXPECT_GT(Pull(reference_, target_, pull_).fetched_bytes, 0u);
  tree["b"] = tree["c"] = tree["a"];
  tree.erase("a");
  PushTree(tree);
  PullResult result = Pull(reference_, target_, pull_);
  EXPECT_EQ(result.fetched_bytes, 0u);
  EXPECT_EQ(Differences(), "");
}

TEST_F(PullTest, AFileNamedLikeALeftoverIsThereEachTime) {
  const std::string name = ".kontext-0123456789abcdef-0000000000000001.tmp";
  Tree tree;
  tree["a"] = tree[name] = Node{EntryType::kDir, 0755, ""};
  tree["a/" + name] = tree[name + "/b"] = Node{EntryType::kFile, 0644, "content"};
  PushTree(tree);
  for (int run = 0; run < 2; ++run) {
    Pull(reference_, target_, pull_);
    EXPECT_EQ(Differences(), "");
  }
}

TEST_F(PullTest, OnlyTheLayersThatAreLackingAreRead) {
  Random random;
  Tree tree;
  tree["large"] = Node{EntryType::kFile, 0644, random.Bytes(3000000)};
  PushTree(tree);
  Pull(reference_, target_, pull_);
  tree["small"] = Node{EntryType::kFile, 0644, "small"};
  PushTree(tree);
  EXPECT_LT(Pull(reference_, target_, pull_).fetched_bytes, 100000u);
  EXPECT_EQ(Differences(), "");
}

TEST_F(PullTest, WithoutPruneWhatElseIsThereStays) {
  Tree tree;
  tree["a"] = Node{EntryType::kFile, 0644, "a"};
  PushTree(tree);
  WriteFile(target_ + "/mine", "mine");
  pull_.prune = false;
  Pull(reference_, target_, pull_);
  EXPECT_EQ(ReadFile(target_ + "/mine"), "mine");
  EXPECT_EQ(Differences(), target_ + "/mine: unexpected\n");
}

TEST_F(PullTest, KilledAtAnyMomentTheNextOneEndsRight) {
  Random random;
  pull_.prune = false;
  Tree tree;
  for (int round = 0; round < 12; ++round) {
    tree = RandomTree(&random, tree, round == 0 ? 40 : 10);
    PushTree(tree);
    for (int run = 0; run < 4; ++run) {
      pid_t child = fork();
      if (child == 0) {
        Pull(reference_, target_, pull_);
        _exit(0);
      }
      usleep(static_cast<unsigned>(random.Below(20000)));
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    Pull(reference_, target_, pull_);
    for (const auto& [path, node] : ReadTree(target_)) {
      // Only where the tree has directories is it looked for leftovers; and it has files with such
      // names of its own.
      std::string parent(ParentOf(path));
      if ((!parent.empty() && tree.count(parent) == 0) || tree.count(path) > 0) continue;
      EXPECT_FALSE(NameOf(path).starts_with(".kontext-")) << path;
    }
    PullOptions prune = pull_;
    prune.prune = true;
    Pull(reference_, target_, prune);
    ASSERT_EQ(Differences(), "") << "round " << round;
  }
}

TEST_F(PullTest, StoppedItLeavesNothingHalf) {
  Random random;
  Tree tree;
  tree["a"] = Node{EntryType::kFile, 0644, random.Bytes(2000000)};
  PushTree(tree);
  int asked = 0;
  pull_.stop = [&] { return ++asked > 5; };
  EXPECT_THROW(Pull(reference_, target_, pull_), Error);
  EXPECT_TRUE(fs::is_empty(target_));
}

TEST_F(PullTest, PruneRefusesADirectoryThatHoldsTheImage) {
  PushTree({});
  EXPECT_THROW(Pull(reference_, dir_.path(), pull_), Error);
  EXPECT_EQ(Verify(reference_, "", {}).problems, 0u);
}

}  // namespace
}  // namespace kontext
