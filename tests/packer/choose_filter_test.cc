#include "packer/choose_filter.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "packer/error.h"
#include "packer/scan/program.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

class ChooseFilterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* path : {"a.o", "a.c", "d/b.o", "d/b.c", "out/x", "out/sub/y", ".git/HEAD"}) {
      WriteFile(tmp_ / path, "");
    }
    options_.trace = [this](const std::string& line) { lines_.push_back(line); };
  }

  // Paths of the walk, with a blank between.
  std::string Kept() {
    ChosenFilter filter(tmp_.path(), written_, options_);
    WalkOptions walk;
    walk.filter = filter.AsFilter();
    Listing listing = Context(tmp_.path()).Walk(walk).listing;
    lines_.clear();
    filter.Explain(listing);
    std::string paths;
    for (const IndexEntry& entry : listing.entries()) {
      paths += (paths.empty() ? "" : " ") + std::string(entry.path);
    }
    return paths;
  }

  std::string Problem() {
    try {
      Kept();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  std::vector<std::string> written_;
  TempDir tmp_;
  PushOptions options_;
  std::vector<std::string> lines_;
};

using Lines = std::vector<std::string>;

TEST_F(ChooseFilterTest, NoRules) {
  EXPECT_EQ(Kept(), "a.c a.o d d/b.c d/b.o out out/sub out/sub/y out/x");
  EXPECT_EQ(lines_, Lines({".git/: left out by **/.git (by default, see --include-git)"}));
  options_.ignore->include_git = true;
  EXPECT_EQ(Kept(), ".git .git/HEAD a.c a.o d d/b.c d/b.o out out/sub out/sub/y out/x");
  options_.ignore.reset();
  WriteFile(tmp_ / ".dockerignore", "*");
  EXPECT_EQ(Kept(),
            ".dockerignore .git .git/HEAD a.c a.o d d/b.c d/b.o out out/sub out/sub/y out/x");
  EXPECT_EQ(lines_, Lines());
}

TEST_F(ChooseFilterTest, OneFileOfTheThree) {
  WriteFile(tmp_ / ".dockerignore", "out\n");
  EXPECT_EQ(Kept(), ".dockerignore a.c a.o d d/b.c d/b.o");
  WriteFile(tmp_ / ".kontextignore", "**/*.o\n");
  EXPECT_EQ(Kept(), ".dockerignore .kontextignore a.c d d/b.c out out/sub out/sub/y out/x");
  TempDir elsewhere;
  WriteFile(elsewhere / "rules", "*\n!a.c\n");
  options_.ignore->ignore_file = elsewhere / "rules";
  EXPECT_EQ(Kept(), "a.c");
}

TEST_F(ChooseFilterTest, RulesOfTheCallerComeAfterInOrder) {
  WriteFile(tmp_ / ".kontextignore", "out\n.kontextignore\n");
  options_.ignore->rules = {{false, "**/*.o"}, {true, "a.o"}, {true, "out/x"}};
  EXPECT_EQ(Kept(), "a.c a.o d d/b.c out out/x");
  options_.ignore->rules = {{true, "a.o"}, {false, "**/*.o"}};
  EXPECT_EQ(Kept(), "a.c d d/b.c");
}

TEST_F(ChooseFilterTest, ExplainsTheTopmostPathsInOrder) {
  WriteFile(tmp_ / ".kontextignore", "out\n**/*.o\n!out/none/x\n!out/sub/y\n");
  options_.ignore->rules = {{false, ".kontextignore"}};
  options_.filter = [](std::string_view path) { return path != "a.c"; };
  EXPECT_EQ(Kept(), "d d/b.c out out/sub out/sub/y");
  std::string file = tmp_ / ".kontextignore";
  EXPECT_EQ(lines_, Lines({".git/: left out by **/.git (by default, see --include-git)",
                           ".kontextignore: left out by .kontextignore (--exclude)",
                           "a.c: left out by the caller's filter",
                           "a.o: left out by **/*.o (" + file + ":2)",
                           "d/b.o: left out by **/*.o (" + file + ":2)",
                           "out/x: left out by out (" + file + ":1)"}));
  // Entered for an exception, and nothing was there: one line.
  std::filesystem::remove_all(tmp_ / "out/sub");
  Kept();
  EXPECT_EQ(lines_.back(), "out/: left out by out (" + file + ":1)");
}

TEST_F(ChooseFilterTest, AWalkThatStartsOverIsExplainedOnce) {
  options_.ignore->rules = {{false, "a.o"}};
  ChosenFilter filter(tmp_.path(), {}, options_);
  Filter ask = filter.AsFilter();
  for (int walk = 0; walk < 2; ++walk) EXPECT_EQ(ask("a.o", false), Verdict::kLeaveOut);
  filter.Explain(Listing());
  ask("a.o", false);
  filter.Explain(Listing());
  EXPECT_EQ(lines_, Lines({"a.o: left out by a.o (--exclude)"}));
}

TEST_F(ChooseFilterTest, IgnoreFilesThatCannotBeRead) {
  options_.ignore->ignore_file = tmp_ / "none";
  EXPECT_EQ(Problem(), "cannot read ignore file " + (tmp_ / "none") + ": there is no such file");
  options_.ignore->ignore_file = tmp_ / "d";
  EXPECT_EQ(Problem(), "cannot read ignore file " + (tmp_ / "d") + ": it is no regular file");
  options_.ignore->ignore_file.clear();
  ASSERT_EQ(mkfifo((tmp_ / ".dockerignore").c_str(), 0600), 0);
  EXPECT_EQ(Problem(),
            "cannot read ignore file " + (tmp_ / ".dockerignore") + ": it is no regular file");
  std::filesystem::remove(tmp_ / ".dockerignore");
  std::filesystem::create_symlink("nowhere", tmp_ / ".dockerignore");
  EXPECT_EQ(Problem(), "cannot read ignore file " + (tmp_ / ".dockerignore") +
                           ": it is a symlink to what is not there");
  WriteFile(tmp_ / "nowhere", "*.o\n");
  EXPECT_EQ(Kept(), ".dockerignore a.c d d/b.c d/b.o nowhere out out/sub out/sub/y out/x");
  std::filesystem::remove(tmp_ / ".dockerignore");
  WriteFile(tmp_ / ".dockerignore", std::string(kMaxIgnoreFile + 1, 'a'));
  EXPECT_NE(Problem().find("is no ignore file"), std::string::npos);
  WriteFile(tmp_ / ".dockerignore", "a\n[\n");
  EXPECT_TRUE(Problem().starts_with((tmp_ / ".dockerignore") + ":2: '['")) << Problem();
}

TEST_F(ChooseFilterTest, GitAndRulesBothHold) {
  std::filesystem::remove_all(tmp_ / ".git");
  auto ignore = [](std::string_view) {};
  std::vector<std::string> environment = {"PATH=" + std::string(getenv("PATH"))};
  ASSERT_EQ(RunProgram({"git", "init", "-q", tmp_.path()}, environment, ignore).exit_code, 0);
  WriteFile(tmp_ / ".gitignore", "*.o\nsub\n");
  std::filesystem::create_directory(tmp_ / "empty");
  options_.ignore->git = true;
  options_.ignore->rules = {{false, "a.c"}, {true, "d/b.o"}};
  EXPECT_EQ(Kept(), ".gitignore d d/b.c out out/x");
  EXPECT_EQ(lines_,
            Lines({".git/: left out by **/.git (by default, see --include-git)",
                   "a.c: left out by a.c (--exclude)", "a.o: left out by --git: git ignores it",
                   "d/b.o: left out by --git: git ignores it",
                   "empty/: left out by --git: git knows no file in it",
                   "out/sub/: left out by --git: git knows no file in it"}));
  options_.ignore->include_git = true;
  EXPECT_NE(Kept().find(".git/HEAD"), std::string::npos);
  options_.ignore->rules = {{false, ".git"}};
  EXPECT_EQ(Kept(), ".gitignore a.c d d/b.c out out/x");
  // A folder of which git knows nothing is seldom what was meant.
  Lines warnings;
  options_.warn = [&](const std::string& line) { warnings.push_back(line); };
  ChosenFilter filter(tmp_ / "out/sub", {}, options_);
  EXPECT_EQ(warnings, Lines({"--git: git knows no file in " + (tmp_ / "out/sub")}));
}

TEST_F(ChooseFilterTest, NothingIsAskedForASingleFile) {
  WriteFile(tmp_ / ".kontextignore", "[");
  options_.ignore->rules = {{false, "*"}};
  ChosenFilter filter(tmp_ / "a.c", {}, options_);
  EXPECT_FALSE(filter.AsFilter());
}

TEST_F(ChooseFilterTest, WhatIsWrittenToIsLeftOut) {
  WriteFile(tmp_ / "[a]*", "");
  WriteFile(tmp_ / "ab", "");
  written_ = {tmp_ / "out/../[a]*", "", tmp_ / "d/new", tmp_ / "../elsewhere", "/nowhere/at/all"};
  EXPECT_EQ(Kept(), "a.c a.o ab d d/b.c d/b.o out out/sub out/sub/y out/x");
  EXPECT_EQ(lines_.back(), "[a]*: left out by [a]* (it is written to)");
  options_.ignore.emplace();
  options_.ignore->rules = {{true, "out"}};
  written_ = {tmp_ / "out"};
  EXPECT_EQ(Kept(), "[a]* a.c a.o ab d d/b.c d/b.o");
  written_ = {tmp_ / "d/.."};
  EXPECT_NE(Problem().find("it is the directory that is to be sent"), std::string::npos);
}

}  // namespace
}  // namespace kontext
