// Sequences of edits of nasty trees, each pushed into a layout and pulled again: into a directory
// that is kept from step to step and, now and then, into a new one. KONTEXT_TEST_ROUNDS gives the
// number of sequences.
#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstdlib>

#include "packer/kontext.h"
#include "tests/support/ignore_model.h"
#include "tests/support/tree_files.h"

namespace kontext {
namespace {

constexpr int kRounds = 10;
constexpr int kSteps = 6;
constexpr const char* kIgnoreFile = ".kontextignore";

int Rounds() {
  const char* set = std::getenv("KONTEXT_TEST_ROUNDS");
  return set != nullptr ? std::atoi(set) : kRounds;
}

bool IsRoot() { return geteuid() == 0; }

class Sequence {
 public:
  explicit Sequence(Random* random) : random_(*random) {
    push_.warn = [this](const std::string& warning) { warnings_.push_back(warning); };
    pull_.prune = true;
    pull_.connection.warn = push_.warn;
    Materialize(tree_, source_);
    Materialize(tree_, target_);
  }

  void Step(bool first) {
    for (size_t i = first ? 30 : 1 + random_.Below(6); i > 0; --i) EditOnce();
    if (random_.Percent(first ? 30 : 10)) AddDeepOnes();
    if (random_.Percent(30)) ChangeRules();
    if (!first && random_.Percent(8)) Revert();
    history_.push_back(tree_);
    ASSERT_EQ(DifferencesOf(tree_, ReadTree(source_)), "") << "the edits went wrong";
    PushAndCount();
    if (random_.Percent(20)) DisturbTarget();
    Check(target_);
    if (random_.Percent(25)) Check(dir_ / ("fresh" + std::to_string(history_.size())));
    if (random_.Percent(25)) Look();
  }

 private:
  void EditOnce() {
    Edit edit = EditTree(&random_, &tree_);
    Node* node = edit.kind == Edit::kSet ? &tree_.find(edit.path)->second : nullptr;
    if (node != nullptr && node->type == EntryType::kFile && random_.Percent(4)) {
      node->text = RandomContent();
    }
    if (!IsRoot()) MakeWalkable(&tree_);
    ApplyEdit(source_, edit, tree_, random_.Percent(50));
  }

  // Longer than the buffers, some with holes, some alike but for their ends.
  std::string RandomContent() {
    std::string text(random_.Below(300'000), '\0');
    if (random_.Percent(50)) text = random_.Text(text.size(), "pq");
    if (random_.Percent(50)) text.append("the end").append(std::to_string(random_.Below(3)));
    return text;
  }

  // Below a path of more than 4,096 bytes.
  void AddDeepOnes() {
    std::string path;
    for (int i = 0; i < 17; ++i) {
      path += (i == 0 ? "" : "/") + std::string(250, static_cast<char>('d' + random_.Below(2)));
      if (tree_.count(path) > 0) continue;
      Set(path, {EntryType::kDir, 0755, ""});
    }
    for (int i = 0; i < 3; ++i) {
      std::string name = path + '/' + RandomName(&random_);
      Set(name, RandomNode(&random_));
    }
  }

  void Set(const std::string& path, const Node& node) {
    SetNode(&tree_, path, node);
    if (!IsRoot()) MakeWalkable(&tree_);
    ApplyEdit(source_, {Edit::kSet, path, ""}, tree_, true);
  }

  void ChangeRules() {
    std::vector<IgnoreLine> rules = RandomIgnoreLines(&random_);
    std::string text;
    for (const IgnoreLine& line : rules) text += line.Text();
    rules_of_[text] = rules;
    Set(kIgnoreFile, {EntryType::kFile, 0644, text});
    if (random_.Percent(50)) Set(".git", {EntryType::kFile, 0644, "gitdir: elsewhere\n"});
  }

  // An edit may have taken the file away.
  std::vector<IgnoreLine> Rules() const {
    auto file = tree_.find(kIgnoreFile);
    return file == tree_.end() ? std::vector<IgnoreLine>() : rules_of_.at(file->second.text);
  }

  // To what an earlier step had, as a checkout does it: other inodes, other times.
  void Revert() {
    tree_ = history_[random_.Below(history_.size())];
    Materialize(tree_, source_);
  }

  // Sockets and their like, for the time of a push; the number of those that the rules keep.
  size_t MakeSpecials(std::vector<std::string>* made) {
    size_t kept = 0;
    std::vector<std::string> dirs = DirsOf(tree_);
    for (size_t i = random_.Below(4); i > 0; --i) {
      std::string path = dirs[random_.Below(dirs.size())] + "special" + std::to_string(i);
      UniqueFd dir = OpenParent(source_, path);
      bool device = i == 1 && IsRoot();
      mode_t kind = device ? S_IFCHR : i == 2 ? S_IFSOCK : S_IFIFO;
      std::string name(NameOf(path));
      Need(mknodat(dir.get(), name.c_str(), kind | 0644, device ? makedev(1, 3) : 0) == 0, name);
      made->push_back(path);
      kept += IsLeftOut(Rules(), path) ? 0 : 1;
    }
    return kept;
  }

  void PushAndCount() {
    if (random_.Percent(10)) push_.mirror = !push_.mirror;
    push_.rebase = !random_.Percent(5);
    push_.threads = 1 + random_.Below(3);
    push_.cache = random_.Percent(80);
    std::vector<std::string> specials;
    size_t kept = MakeSpecials(&specials);
    warnings_.clear();
    Push(source_, reference_, push_);
    EXPECT_EQ(warnings_.size(), kept) << testing::PrintToString(warnings_);
    for (const std::string& path : specials) {
      RemoveTree(OpenParent(source_, path).get(), std::string(NameOf(path)));
    }
  }

  // Somebody has been in the target.
  void DisturbTarget() {
    Tree found = ReadTree(target_);
    for (size_t i = 1 + random_.Below(10); i > 0; --i) {
      Edit edit = EditTree(&random_, &found);
      if (!IsRoot()) MakeWalkable(&found);
      ApplyEdit(target_, edit, found, random_.Percent(50));
    }
  }

  void Check(const std::string& target) {
    pull_.jobs = 1 + static_cast<unsigned>(random_.Below(3));
    Pull(reference_, target, pull_);
    ASSERT_EQ(DifferencesOf(WhatIsKept(Rules(), tree_), ReadTree(target)), "");
    PullResult again = Pull(reference_, target, pull_);
    if (HasLeftoverNames()) return;  // these are always written
    EXPECT_EQ(again.fetched_bytes, 0u);
    EXPECT_EQ(again.written, 0u);
  }

  bool HasLeftoverNames() const {
    return std::any_of(tree_.begin(), tree_.end(), [](const auto& item) {
      return item.first.find(".kontext-0") != std::string::npos;
    });
  }

  void Look() {
    VerifyOptions options;
    options.problem = [](const std::string& problem) { ADD_FAILURE() << problem; };
    Verify(reference_, target_, options);
    PushOptions on_top = push_;
    on_top.rebase = true;  // else all of it is to be sent, and that is a difference
    EXPECT_TRUE(Diff(source_, reference_, on_top).Same());
  }

  Random& random_;
  TempDir dir_;
  std::string source_ = dir_ / "source";
  std::string target_ = dir_ / "target";
  std::string reference_ = "oci:" + (dir_ / "layout") + ":v1";
  Tree tree_;
  std::map<std::string, std::vector<IgnoreLine>> rules_of_;  // by the ignore file's text
  std::vector<Tree> history_;
  std::vector<std::string> warnings_;
  PushOptions push_;
  PullOptions pull_;
};

TEST(NastyTreeTest, EverySequenceArrives) {
  Random random;
  for (int round = 0; round < Rounds(); ++round) {
    Sequence sequence(&random);
    for (int step = 0; step < kSteps; ++step) {
      SCOPED_TRACE("round " + std::to_string(round) + ", step " + std::to_string(step));
      ASSERT_NO_THROW(sequence.Step(step == 0));
      if (testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace kontext
