#include "packer/scan/git_files.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <initializer_list>
#include <string>

#include "packer/error.h"
#include "packer/scan/program.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

// git as a test runs it: nothing of the user's, and a name for commits.
void Git(const std::string& directory, std::initializer_list<std::string> arguments) {
  std::vector<std::string> argv = {
      "git", "-C", directory, "-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main"};
  argv.insert(argv.end(), arguments);
  std::vector<std::string> environment = {"HOME=/nonexistent",
                                          "GIT_CONFIG_NOSYSTEM=1",
                                          "GIT_AUTHOR_NAME=a",
                                          "GIT_AUTHOR_EMAIL=a@b.test",
                                          "GIT_COMMITTER_NAME=a",
                                          "GIT_COMMITTER_EMAIL=a@b.test",
                                          "PATH=" + std::string(getenv("PATH"))};
  ProgramResult result = RunProgram(argv, environment, [](std::string_view) {});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
}

class GitFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    repo_ = tmp_ / "repo";
    WriteFile(repo_ + "/tracked", "");
    WriteFile(repo_ + "/d/sub/tracked", "");
    WriteFile(repo_ + "/gone", "");
    WriteFile(repo_ + "/.gitignore", "*.o\nout/\n");
    WriteFile(repo_ + "/forced.o", "");
    Git(repo_, {"init", "-q"});
    Git(repo_, {"add", "."});
    Git(repo_, {"add", "-f", "forced.o"});
    Git(repo_, {"commit", "-qm", "one"});
    WriteFile(repo_ + "/new", "");
    WriteFile(repo_ + "/ignored.o", "");
    WriteFile(repo_ + "/out/x", "");
    WriteFile(repo_ + "/d/odd \"\n\xff", "");
  }

  static std::string ProblemOf(const std::string& directory) {
    try {
      GitFiles files(directory);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  TempDir tmp_;
  std::string repo_;
};

TEST_F(GitFilesTest, TrackedAndNewButNotIgnored) {
  std::filesystem::remove(repo_ + "/gone");
  GitFiles files(repo_);
  for (const char* path :
       {"tracked", "d/sub/tracked", ".gitignore", "forced.o", "new", "d/odd \"\n\xff"}) {
    EXPECT_TRUE(files.Has(path)) << path;
  }
  for (const char* path : {"ignored.o", "out/x", "out", ".git", ".git/HEAD", "d", "trackedx", ""}) {
    EXPECT_FALSE(files.Has(path)) << path;
  }
  EXPECT_TRUE(files.HasBelow("d"));
  EXPECT_TRUE(files.HasBelow("d/sub"));
  EXPECT_FALSE(files.HasBelow("out"));
  EXPECT_FALSE(files.HasBelow("tracked"));
}

TEST_F(GitFilesTest, FolderOfARepository) {
  GitFiles files(repo_ + "/d");
  EXPECT_TRUE(files.Has("sub/tracked"));
  EXPECT_FALSE(files.Has("d/sub/tracked"));
  EXPECT_FALSE(files.Has("tracked"));
  EXPECT_TRUE(GitFiles(repo_ + "/out").empty());
}

TEST_F(GitFilesTest, Worktree) {
  Git(repo_, {"worktree", "add", "-q", tmp_ / "tree"});
  WriteFile(tmp_ / "tree/more", "");
  WriteFile(tmp_ / "tree/more.o", "");
  GitFiles files(tmp_ / "tree");
  EXPECT_TRUE(files.Has("tracked"));
  EXPECT_TRUE(files.Has("more"));
  EXPECT_FALSE(files.Has("more.o"));
  EXPECT_FALSE(files.Has(".git"));
}

TEST_F(GitFilesTest, Submodules) {
  WriteFile(tmp_ / "other/lib.c", "");
  WriteFile(tmp_ / "other/.gitignore", "*.tmp\n");
  Git(tmp_ / "other", {"init", "-q"});
  Git(tmp_ / "other", {"add", "."});
  Git(tmp_ / "other", {"commit", "-qm", "one"});
  Git(repo_, {"submodule", "--quiet", "add", tmp_ / "other", "d/mod"});
  Git(repo_ + "/d/mod", {"submodule", "--quiet", "add", tmp_ / "other", "inner"});
  Git(repo_, {"submodule", "--quiet", "add", tmp_ / "other", "empty"});
  std::filesystem::remove_all(repo_ + "/empty");
  std::filesystem::create_directory(repo_ + "/empty");
  WriteFile(repo_ + "/d/mod/new", "");
  WriteFile(repo_ + "/d/mod/new.o", "");  // ignored by the outer repository alone
  WriteFile(repo_ + "/d/mod/new.tmp", "");
  GitFiles files(repo_);
  for (const char* path :
       {"d/mod/lib.c", "d/mod/new", "d/mod/new.o", "d/mod/inner/lib.c", ".gitmodules", "tracked"}) {
    EXPECT_TRUE(files.Has(path)) << path;
  }
  for (const char* path : {"d/mod/new.tmp", "d/mod", "d/mod/.git", "empty"}) {
    EXPECT_FALSE(files.Has(path)) << path;
  }
  EXPECT_FALSE(files.HasBelow("empty"));
  EXPECT_TRUE(GitFiles(repo_ + "/d/mod").Has("inner/lib.c"));
}

TEST_F(GitFilesTest, RepositoryThatIsNoSubmodule) {
  WriteFile(repo_ + "/nested/a", "");
  WriteFile(repo_ + "/nested/b.o", "");
  Git(repo_ + "/nested", {"init", "-q"});
  GitFiles files(repo_);
  EXPECT_TRUE(files.Has("nested/a"));
  EXPECT_FALSE(files.Has("nested/.git/HEAD"));
}

// What a hook's environment says is not about the directory that is pushed.
TEST_F(GitFilesTest, EnvironmentOfAHook) {
  setenv("GIT_DIR", "/nonexistent", 1);
  setenv("GIT_INDEX_FILE", "/nonexistent/index", 1);
  setenv("GIT_TRACE", "1", 1);
  GitFiles files(repo_);
  std::string problem = ProblemOf(tmp_.path());
  unsetenv("GIT_DIR");
  unsetenv("GIT_INDEX_FILE");
  unsetenv("GIT_TRACE");
  EXPECT_TRUE(files.Has("tracked"));
  EXPECT_NE(problem.find("in no git repository"), std::string::npos) << problem;
}

TEST_F(GitFilesTest, ProblemsSayWhatToDo) {
  EXPECT_EQ(ProblemOf(tmp_.path()),
            "--git: " + tmp_.path() + " is in no git repository: leave --git out");
  EXPECT_NE(ProblemOf(repo_ + "/.git").find("leave --git out"), std::string::npos);
  WriteFile(repo_ + "/.git/index", "damaged");
  std::string problem = ProblemOf(repo_);
  EXPECT_TRUE(problem.starts_with("--git: " + repo_ + ": git ls-files failed: ")) << problem;
  EXPECT_EQ(problem.find('\n'), std::string::npos);
  std::string path = getenv("PATH");
  setenv("PATH", "/nonexistent", 1);
  problem = ProblemOf(repo_);
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(problem, "--git: git is not installed: install it or leave --git out");
}

TEST(RunProgram, OutputErrorsAndExitCode) {
  std::string output;
  auto sink = [&](std::string_view piece) { output += piece; };
  ProgramResult result = RunProgram({"sh", "-c", "echo $A; echo bad >&2; exit 3"}, {"A=x"}, sink);
  EXPECT_EQ(output, "x\n");
  EXPECT_EQ(result.errors, "bad\n");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(RunProgram({"sh", "-c", "kill -9 $$"}, {}, sink).exit_code, 128 + 9);
  // Much on both, more than a pipe holds.
  output.clear();
  result = RunProgram({"sh", "-c", "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2"},
                      {"PATH=/usr/bin:/bin"}, sink);
  EXPECT_EQ(output.size(), 300000U);
  EXPECT_EQ(result.errors.size(), 4096U);
  EXPECT_THROW(RunProgram({"kontext-no-such-program"}, {}, sink), Error);
  // What the sink throws ends a program that would never end.
  auto refuse = [](std::string_view) { throw Error(ErrorKind::kFormat, "enough"); };
  EXPECT_THROW(RunProgram({"sh", "-c", "while :; do echo y; done"}, {}, refuse), Error);
}

}  // namespace
}  // namespace kontext
