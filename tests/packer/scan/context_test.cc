#include "packer/scan/context.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "packer/error.h"
#include "packer/scan/file_hasher.h"
#include "packer/scan/file_opener.h"
#include "tests/support/index_text.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tree_model.h"

namespace kontext {
namespace {

std::vector<std::string> PathsOf(const Listing& listing) {
  std::vector<std::string> paths;
  for (const IndexEntry& entry : listing.entries()) paths.emplace_back(entry.path);
  return paths;
}

using Paths = std::vector<std::string>;

TEST(ContextTest, EntriesComeInOrder) {
  TempDir dir;
  for (const char* path : {"a/x", "a/y/z", "a-/x", "a.b", "aa", "\xff", "\x01", "Z"}) {
    WriteFile(dir / path, "1");
  }
  Listing listing = Context(dir.path()).Walk({}).listing;
  EXPECT_EQ(PathsOf(listing),
            (Paths{"\x01", "Z", "a", "a/x", "a/y", "a/y/z", "a-", "a-/x", "a.b", "aa", "\xff"}));
}

TEST(ContextTest, TypesModesAndTargets) {
  TempDir dir;
  WriteFile(dir / "f", "four", 04751);
  std::filesystem::create_directory(dir / "empty");
  chmod((dir / "empty").c_str(), 01711);
  std::filesystem::create_symlink("nowhere/at/all", dir / "l");
  std::filesystem::create_symlink("empty", dir / "m");
  Listing listing = Context(dir.path()).Walk({}).listing;
  ASSERT_EQ(PathsOf(listing), (Paths{"empty", "f", "l", "m"}));
  const auto& entries = listing.entries();
  EXPECT_EQ(entries[0].type, EntryType::kDir);
  EXPECT_EQ(entries[0].mode, 0711u);
  EXPECT_EQ(entries[1].mode, 0751u);
  EXPECT_EQ(entries[1].size, 4u);
  EXPECT_EQ(entries[2].type, EntryType::kSymlink);
  EXPECT_EQ(entries[2].target, "nowhere/at/all");
  EXPECT_EQ(entries[3].type, EntryType::kSymlink);
}

TEST(ContextTest, FilterTable) {
  TempDir dir;
  WriteFile(dir / "a/b/c", "1");
  WriteFile(dir / "a/d", "1");
  WriteFile(dir / "e", "1");
  const struct {
    const char* name;
    Paths refused;
    Paths listing;
  } kCases[] = {
      {"none", {}, {"a", "a/b", "a/b/c", "a/d", "e"}},
      {"all", {"a", "a/b", "a/b/c", "a/d", "e"}, {}},
      {"a file", {"a/d"}, {"a", "a/b", "a/b/c", "e"}},
      {"a directory comes with what is under it", {"a"}, {"a", "a/b", "a/b/c", "a/d", "e"}},
      {"directories on the way", {"a", "a/b", "a/d"}, {"a", "a/b", "a/b/c", "e"}},
      {"nothing under it is left", {"a/b", "a/b/c"}, {"a", "a/d", "e"}},
      {"an empty one stays", {"a/b/c"}, {"a", "a/b", "a/d", "e"}},
      {"one below is left out for good", {"a", "a/b", "a/b/c"}, {"a", "a/d", "e"}},
  };
  for (const auto& test : kCases) {
    Paths asked;
    auto filter = [&](std::string_view path, bool is_dir) {
      asked.emplace_back(path);
      EXPECT_EQ(is_dir, path == "a" || path == "a/b") << path;
      bool refused =
          std::find(test.refused.begin(), test.refused.end(), path) != test.refused.end();
      return refused ? Verdict::kLeaveOut : Verdict::kKeep;
    };
    EXPECT_EQ(PathsOf(Context(dir.path()).Walk({.filter = filter}).listing), test.listing)
        << test.name;
    std::sort(asked.begin(), asked.end());
    EXPECT_EQ(asked, (Paths{"a", "a/b", "a/b/c", "a/d", "e"})) << test.name;
  }
}

TEST(ContextTest, WhatIsLeftOutWithAllBelowIsNotEntered) {
  TempDir dir;
  WriteFile(dir / "a/b/c", "1");
  WriteFile(dir / "a/d", "1");
  WriteFile(dir / "e", "1");
  Paths asked;
  auto filter = [&](std::string_view path, bool) {
    asked.emplace_back(path);
    if (path == "a") return Verdict::kLeaveOut;
    return path == "a/b" || path == "e" ? Verdict::kLeaveOutWithAllBelow : Verdict::kKeep;
  };
  EXPECT_EQ(PathsOf(Context(dir.path()).Walk({.filter = filter}).listing), (Paths{"a", "a/d"}));
  EXPECT_EQ(asked, (Paths{"a", "e", "a/b", "a/d"}));
}

TEST(ContextTest, AFifoIsLeftOutWithAWarning) {
  TempDir dir;
  WriteFile(dir / "a", "1");
  ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0644), 0);
  Paths warnings;
  Context context(dir.path());
  Listing listing =
      context.Walk({.warn = [&](const std::string& text) { warnings.push_back(text); }}).listing;
  EXPECT_EQ(PathsOf(listing), Paths{"a"});
  EXPECT_EQ(warnings, (Paths{dir / "pipe" + " is a fifo: left out"}));
  auto no_pipe = [](std::string_view path, bool) {
    return path == "pipe" ? Verdict::kLeaveOut : Verdict::kKeep;
  };
  context.Walk({.filter = no_pipe, .warn = [](const std::string& text) { FAIL() << text; }});
}

TEST(ContextTest, ASingleFileIsTheOnlyEntry) {
  TempDir dir;
  WriteFile(dir / "sub/one", "content", 0755);
  WriteFile(dir / "sub/two", "other");
  Context context(dir / "sub/one");
  Walked walked = context.Walk({});
  HashFiles(context, 1, &walked);
  const Listing& listing = walked.listing;
  ASSERT_EQ(PathsOf(listing), Paths{"one"});
  EXPECT_EQ(listing.entries()[0].sha256, Sha("content"));
  EXPECT_EQ(context.Describe("one"), dir / "sub/one");
}

std::string MessageOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_TRUE(error.kind() == ErrorKind::kIo || error.kind() == ErrorKind::kChanged);
    return error.what();
  }
  return "no Error";
}

TEST(ContextTest, WhatIsNoDirectoryIsNamed) {
  TempDir dir;
  ASSERT_EQ(mkfifo((dir / "pipe").c_str(), 0644), 0);
  for (const std::string& path : {dir / "none", dir / "pipe", std::string("/dev/null")}) {
    EXPECT_NE(MessageOf([&] { Context context(path); }).find(path), std::string::npos);
  }
}

// Root reads everything: it becomes another user, who owns `paths`.
class PlainUser {
 public:
  explicit PlainUser(const Paths& paths) : root_(geteuid() == 0) {
    if (!root_) return;
    constexpr uid_t kNobody = 65534;
    for (const std::string& path : paths) EXPECT_EQ(lchown(path.c_str(), kNobody, kNobody), 0);
    EXPECT_EQ(seteuid(kNobody), 0);
  }
  ~PlainUser() {
    if (root_) {
      EXPECT_EQ(seteuid(0), 0);
    }
  }

 private:
  bool root_;
};

TEST(ContextTest, WhatCannotBeReadIsNamed) {
  TempDir dir;
  WriteFile(dir / "d/f", "1", 0000);
  PlainUser user({dir.path(), dir / "d", dir / "d/f"});
  Context context(dir.path());
  Walked walked = context.Walk({});
  EXPECT_NE(MessageOf([&] { HashFiles(context, 2, &walked); }).find(dir / "d/f"),
            std::string::npos);
  chmod((dir / "d").c_str(), 0000);
  EXPECT_NE(MessageOf([&] { context.Walk({}); }).find(dir / "d"), std::string::npos);
  chmod((dir / "d").c_str(), 0700);
}

TEST(ContextTest, AFileThatBecameSomethingElseHasChanged) {
  TempDir dir;
  WriteFile(dir / "f", "1");
  Context context(dir.path());
  std::filesystem::remove(dir / "f");
  EXPECT_NE(MessageOf([&] { FileOpener(context).Open("f"); }).find("went away"), std::string::npos);
  std::filesystem::create_symlink("/etc/passwd", dir / "f");
  EXPECT_NE(MessageOf([&] { FileOpener(context).Open("f"); }).find("went away"), std::string::npos);
  std::filesystem::remove(dir / "f");
  ASSERT_EQ(mkfifo((dir / "f").c_str(), 0644), 0);
  EXPECT_NE(MessageOf([&] { FileOpener(context).Open("f"); }).find("no regular file"),
            std::string::npos);
}

}  // namespace
}  // namespace kontext
