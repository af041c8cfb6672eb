// verify and list.

#include "tests/extractor/image_builder.h"

namespace kontext::extractor {
namespace {

class VerifyTest : public ExtractorTest {
 protected:
  void SetUp() override {
    ExtractorTest::SetUp();
    image_.Dir("a");
    image_.File("a/1", "one");
    image_.File("a/2", "two");
    image_.Link("a/l", "1");
    image_.Dir("b");
    image_.Dir("b/c");
    image_.File("b/c/d", "deep");
    image_.File("e", "e");
    ASSERT_EQ(Extract(), 0) << messages_;
  }
  void ExpectDifference(const std::string& line) {
    EXPECT_EQ(Do(Command::kVerify), 1);
    std::string told = '\n' + output_;
    EXPECT_NE(told.find('\n' + target_.string() + '/' + line + '\n'), std::string::npos)
        << line << " in\n"
        << output_;
  }
};

TEST_F(VerifyTest, SameSaysSo) {
  EXPECT_EQ(Do(Command::kVerify), 0);
  EXPECT_TRUE(Said("4 files, 3 directories, 1 symlink")) << messages_;
}

// An image has permissions alone: what else a mode says cannot be told from it.
TEST_F(VerifyTest, OtherBitsOfAModeAreNoDifference) {
  ASSERT_EQ(chmod((target_ / "a").c_str(), 03755), 0);
  ASSERT_EQ(chmod((target_ / "a/2").c_str(), 04644), 0);
  EXPECT_EQ(Do(Command::kVerify), 0) << messages_;
}

TEST_F(VerifyTest, NamesEachKindOfDifference) {
  WriteText(target_ / "a/1", "0ne");
  ExpectDifference("a/1: content is not what the manifest says");
  WriteText(target_ / "a/1", "more");
  ExpectDifference("a/1: has 4 bytes, should have 3");
  chmod((target_ / "a/2").c_str(), 0600);
  ExpectDifference("a/2: mode is 0600, should be 0644");
  fs::remove(target_ / "a/l");
  ExpectDifference("a/l: missing");
  fs::create_symlink("2\n", target_ / "a/l");
  ExpectDifference("a/l: points to 2\\n, should point to 1");
  fs::remove(target_ / "e");
  fs::create_directory(target_ / "e");
  ExpectDifference("e: is a directory, should be a file");
  WriteText(target_ / "a/x\x1b", "");
  ExpectDifference("a/x\\x1b: unexpected");
  fs::create_directories(target_ / "b/c/y/z");
  ExpectDifference("b/c/y: unexpected");
  // A right-to-left override, a line separator; not a euro sign, nor a zero-width joiner.
  WriteText(target_ / "b/\u202e\u2028\u20ac\u200d", "");
  ExpectDifference("b/\\xe2\\x80\\xae\\xe2\\x80\\xa8\u20ac\u200d: unexpected");
  WriteText(target_ / "b/\xe2\x80", "");
  ExpectDifference("b/\\xe2\\x80: unexpected");
  EXPECT_TRUE(Said(": 8 differences\n")) << messages_;
}

TEST_F(VerifyTest, NamesAllBelowWhatIsMissing) {
  fs::remove_all(target_ / "b");
  ExpectDifference("b: missing");
  ExpectDifference("b/c: missing");
  ExpectDifference("b/c/d: missing");
  EXPECT_TRUE(Said(": 3 differences\n")) << messages_;
}

TEST_F(VerifyTest, WritesNothing) {
  fs::remove(target_ / "e");
  chmod((target_ / "a").c_str(), 0700);
  WriteText(target_ / "f", "");
  EXPECT_EQ(Do(Command::kVerify), 1);
  EXPECT_FALSE(Exists("e"));
  EXPECT_TRUE(Exists("f"));
  EXPECT_EQ(Mode("a"), 0700u);
  fs::remove_all(target_);
  EXPECT_EQ(Do(Command::kVerify), 2);
  EXPECT_FALSE(fs::exists(target_));
}

TEST_F(VerifyTest, ListsWhatTheTreeDigestIsOf) {
  ASSERT_EQ(Do(Command::kList), 0) << messages_;
  EXPECT_EQ(HashOf(output_.data(), output_.size()), image_.head().tree);
  EXPECT_TRUE(messages_.empty());
}

TEST_F(VerifyTest, AListThatCannotBeWrittenFails) {
  FILE* full = fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  std::string root = root_.string();
  Args args;
  args.command = Command::kList;
  args.root = root.c_str();
  FILE* messages = tmpfile();
  int messages_fd = fileno(messages);
  tree::Report report(tree::TextToFd(&messages_fd), kLinePrefix);
  EXPECT_EQ(RunCommand(args, &report, fileno(full)), 1);
  EXPECT_EQ(Drain(messages),
            "kontext-extractor: listing: cannot be written: No space left on device\n");
  fclose(full);
}

}  // namespace
}  // namespace kontext::extractor
