// What extraction puts in place, and over what.

#include "tests/extractor/image_builder.h"

namespace kontext::extractor {
namespace {

TEST_F(ExtractorTest, RecreatesEverything) {
  image_.Dir("a", 0750);
  image_.File("a/run", "#!/bin/sh\n", 0755);
  image_.File("a/secret", "", 0600);
  image_.Dir("a/empty", 0700);
  image_.Link("a/link", "../nowhere");
  image_.File("a.b", std::string(300000, 'x'));
  image_.Object(".wh.odd", "odd");
  image_.Object("\xff\n", "bytes");
  image_.File("copy", "#!/bin/sh\n", 0444);
  image_["copy"].at = "a/run";
  target_ = dir_ / "deep/er/target";  // made, with its parents
  ASSERT_EQ(Extract(), 0) << messages_;
  EXPECT_EQ(Text("a/run"), "#!/bin/sh\n");
  EXPECT_EQ(Text("copy"), "#!/bin/sh\n");
  EXPECT_EQ(Text("a.b").size(), 300000u);
  EXPECT_EQ(Text(".wh.odd"), "odd");
  EXPECT_EQ(Text("\xff\n"), "bytes");
  EXPECT_EQ(fs::read_symlink(target_ / "a/link"), "../nowhere");
  EXPECT_EQ(Mode("a"), 0750u);
  EXPECT_EQ(Mode("a/run"), 0755u);
  EXPECT_EQ(Mode("a/secret"), 0600u);
  EXPECT_EQ(Mode("a/empty"), 0700u);
  EXPECT_EQ(Mode("copy"), 0444u);
  EXPECT_TRUE(Said("6 files, 2 directories, 1 symlink")) << messages_;
  EXPECT_EQ(Do(Command::kVerify), 0) << messages_;
}

TEST_F(ExtractorTest, AnEmptyContextIsFine) {
  EXPECT_EQ(Extract(), 0) << messages_;
  EXPECT_TRUE(fs::is_directory(target_));
}

TEST_F(ExtractorTest, LeavesWhatIsRightUntouched) {
  image_.File("same", "same");
  image_.File("other", "old");
  image_.Link("link", "same");
  ASSERT_EQ(Extract(), 0) << messages_;
  struct stat same = Stat("same");
  struct stat link = Stat("link");
  image_.File("other", "new");
  image_["same"].mode = 0755;
  ASSERT_EQ(Extract(), 0) << messages_;
  EXPECT_TRUE(Said("1 written")) << messages_;
  EXPECT_EQ(Stat("same").st_ino, same.st_ino);
  EXPECT_EQ(Stat("same").st_mtim.tv_nsec, same.st_mtim.tv_nsec);
  EXPECT_EQ(Stat("link").st_ino, link.st_ino);
  EXPECT_EQ(Mode("same"), 0755u);
  EXPECT_EQ(Text("other"), "new");
}

TEST_F(ExtractorTest, LeavesNoStaleTail) {
  WriteText(target_ / "file", "a much longer text than the new one");
  image_.File("file", "short");
  ASSERT_EQ(Extract(), 0) << messages_;
  EXPECT_EQ(Text("file"), "short");
}

TEST_F(ExtractorTest, SameSizeIsNotSameContent) {
  WriteText(target_ / "file", "abcde");
  image_.File("file", "short");
  ASSERT_EQ(Extract(), 0) << messages_;
  EXPECT_EQ(Text("file"), "short");
}

TEST_F(ExtractorTest, ReplacesOtherTypes) {
  for (const char* as : {"file", "dir", "link"}) {
    for (const char* was : {"file", "dir", "link"}) {
      fs::remove_all(target_);
      fs::create_directories(target_);
      if (was == std::string("file")) WriteText(target_ / "x", "was");
      if (was == std::string("dir")) WriteText(target_ / "x/deep/er/file", "was");
      if (was == std::string("link")) fs::create_symlink("/nowhere", target_ / "x");
      image_ = ImageBuilder();
      if (as == std::string("file")) image_.File("x", "now");
      if (as == std::string("dir")) image_.Dir("x");
      if (as == std::string("link")) image_.Link("x", "now");
      ASSERT_EQ(Extract(), 0) << was << " to " << as << ": " << messages_;
      ASSERT_EQ(Do(Command::kExtract, true), 0) << was << " to " << as << ": " << messages_;
      EXPECT_EQ(Do(Command::kVerify), 0) << was << " to " << as << ": " << messages_;
    }
  }
}

TEST_F(ExtractorTest, ReadOnlyDirectoriesTwice) {
  image_.Dir("a", 0555);
  image_.Dir("a/b", 0555);
  image_.File("a/b/file", "one", 0444);
  ASSERT_EQ(Extract(), 0) << messages_;
  image_.File("a/b/file", "two", 0444);
  image_.File("a/b/more", "more");
  ASSERT_EQ(Extract(), 0) << messages_;
  EXPECT_EQ(Text("a/b/file"), "two");
  EXPECT_EQ(Mode("a"), 0555u);
  EXPECT_EQ(Mode("a/b"), 0555u);
}

TEST_F(ExtractorTest, ReplacesPlantedSymlinksAndFollowsNone) {
  fs::path outside = dir_ / "outside";
  WriteText(outside / "file", "mine");
  fs::create_directories(target_);
  fs::create_directory_symlink(outside, target_ / "dir");
  fs::create_symlink(outside / "file", target_ / "file");
  image_.Dir("dir");
  image_.File("dir/file", "theirs");
  image_.File("file", "mine");
  ASSERT_EQ(Extract(), 0) << messages_;
  EXPECT_EQ(ReadText(outside / "file"), "mine");
  EXPECT_FALSE(fs::is_symlink(target_ / "dir"));
  EXPECT_FALSE(fs::is_symlink(target_ / "file"));
  EXPECT_EQ(Text("dir/file"), "theirs");
}

TEST_F(ExtractorTest, DoesNotChangeAnotherHardLink) {
  WriteText(dir_ / "other", "text");
  chmod((dir_ / "other").c_str(), 0600);
  fs::create_directories(target_);
  fs::create_hard_link(dir_ / "other", target_ / "file");
  image_.File("file", "text", 0755);
  ASSERT_EQ(Extract(), 0) << messages_;
  EXPECT_EQ(Mode("file"), 0755u);
  EXPECT_EQ(fs::status(dir_ / "other").permissions(), fs::perms(0600));
}

TEST_F(ExtractorTest, PruneRemovesWhatIsNotListed) {
  image_.Dir("a");
  image_.Dir("a/ro", 0555);
  image_.File("a/b", "b");
  image_.File("a.b", "ab");
  ASSERT_EQ(Extract(), 0) << messages_;
  chmod((target_ / "a/ro").c_str(), 0755);
  for (const char* path : {"!", "a/0", "a/c/d/e", "a/ro/x", "z", "a-b/c"}) {
    WriteText(target_ / path, "leftover");
  }
  WriteText(target_ / ".kontext-0123-4.tmp", "of nobody");
  fs::create_directory_symlink(root_, target_ / "out");
  ASSERT_EQ(Do(Command::kExtract), 0) << messages_;
  EXPECT_TRUE(Exists("a/c/d/e"));
  ASSERT_EQ(Do(Command::kExtract, true), 0) << messages_;
  EXPECT_EQ(FilesInTarget(), 2u);
  EXPECT_FALSE(Exists("out"));
  EXPECT_FALSE(Exists("a-b"));
  EXPECT_TRUE(fs::exists(root_ / "var/run/kontext/a/b"));
  EXPECT_EQ(Mode("a/ro"), 0555u);
  EXPECT_EQ(Do(Command::kVerify), 0) << messages_;
}

TEST_F(ExtractorTest, PruneRefusesATargetThatHoldsTheImage) {
  image_.File("file", "text");
  target_ = dir_;
  image_.Write(root_);
  EXPECT_EQ(Do(Command::kExtract, true), 1);
  EXPECT_TRUE(Said("holds the image")) << messages_;
  EXPECT_TRUE(fs::exists(image_.index_path()));
}

}  // namespace
}  // namespace kontext::extractor
