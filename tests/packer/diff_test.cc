// What Diff says before a push is what the push then does; what Inspect says of the segments adds
// up.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "packer/kontext.h"
#include "tests/support/tree_files.h"

namespace kontext {
namespace {

class DiffTest : public testing::Test {
 protected:
  DiffTest() {
    options_.threads = 1;
    options_.warn = [this](const std::string& line) { warnings_ += line + '\n'; };
  }

  // Content in the segments that a push has written, the topmost ones.
  static uint64_t ContentOf(const ImageReport& report, size_t written) {
    uint64_t bytes = 0;
    for (size_t i = report.segments.size() - written; i < report.segments.size(); ++i) {
      bytes += report.segments[i].bytes;
    }
    return bytes;
  }

  static void ExpectAddsUp(const ImageReport& report) {
    uint64_t stored = 0, live = 0;
    for (const SegmentReport& segment : report.segments) {
      EXPECT_EQ(segment.live_bytes + segment.dead_bytes, segment.layer_bytes);
      EXPECT_EQ(segment.age.value_or(99) + segment.push, report.pushes);
      stored += segment.layer_bytes;
      live += segment.live_bytes;
    }
    EXPECT_EQ(report.stored_bytes, stored);
    EXPECT_EQ(report.live_bytes, live);
    EXPECT_EQ(report.live_bytes + report.dead_bytes, stored);
    EXPECT_EQ(report.layers, report.segments.size() + 1);
  }

  void EditAndPush() {
    for (size_t edits = 1 + random_.Below(6); edits > 0; --edits) EditTree(&random_, &tree_);
    MakeWalkable(&tree_);
    Materialize(tree_, root_);
    DiffReport diff = Diff(root_, reference_, options_);
    std::string before = diff.image_tree;
    PushResult pushed = Push(root_, reference_, options_);
    EXPECT_EQ(diff.tree, pushed.tree);
    ImageReport report = Inspect(reference_, options_);
    uint64_t sent = ContentOf(report, pushed.segments_written);
    EXPECT_EQ(sent, diff.sent_bytes + diff.sent_again_bytes);
    // The same tree may be sent again, for another way to keep files.
    EXPECT_EQ(diff.Same(), before == pushed.tree && sent == 0);
    EXPECT_TRUE(before.empty() || before == pushed.tree || !diff.entries.empty());
    EXPECT_TRUE(Diff(root_, reference_, options_).Same());
    ExpectAddsUp(report);
  }

  Random random_;
  TempDir dir_;
  std::string root_ = dir_ / "tree";
  std::string reference_ = "oci:" + (dir_ / "layout") + ":v1";
  PushOptions options_;
  std::string warnings_;
  Tree tree_;
};

TEST_F(DiffTest, SaysWhatAPushSends) {
  for (int push = 0; push < 40; ++push) {
    EditAndPush();
    ASSERT_FALSE(HasFailure()) << "push " << push;
  }
  EXPECT_EQ(warnings_, reference_ + " is not there yet: everything is new\n");
}

TEST_F(DiffTest, SaysWhatAPushSendsWhenTheWayToKeepFilesChanges) {
  for (int push = 0; push < 40; ++push) {
    options_.mirror = random_.Percent(50);
    EditAndPush();
    ASSERT_FALSE(HasFailure()) << "push " << push;
  }
}

TEST_F(DiffTest, CannotUseOtherImagesOnACleanBase) {
  WriteFile(root_ + "/a", "a");
  options_.rebase = false;
  options_.from = {reference_};
  EXPECT_THROW(Diff(root_, reference_, options_), Error);
}

TEST_F(DiffTest, WarnsOnceOfAnImageThatCannotBeRead) {
  WriteFile(root_ + "/a", "a");
  PushBase(reference_, options_);
  DiffReport report = Diff(root_, reference_, options_);
  EXPECT_EQ(report.image, "");
  EXPECT_EQ(report.sent_bytes, 1u);
  EXPECT_EQ(std::count(warnings_.begin(), warnings_.end(), '\n'), 1) << warnings_;
  EXPECT_NE(warnings_.find("cannot be built on"), std::string::npos) << warnings_;
}

}  // namespace
}  // namespace kontext
