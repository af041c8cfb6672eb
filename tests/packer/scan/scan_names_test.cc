// What a directory holds is remembered with its times: when it may be believed, and when not.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "packer/scan/scan.h"
#include "packer/scan/stat_cache.h"
#include "tests/support/index_text.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

using Paths = std::vector<std::string>;

class ScanNamesTest : public testing::Test {
 protected:
  ScanNamesTest() : cache_(home_ / "cache") {
    for (const char* name : {"t/a/x", "t/a/y", "t/b/c/z", "t/f"}) WriteFile(dir_ / name, name);
    options_.cache = &cache_;
    options_.walk.threads = 2;
    options_.walk.filter_name = Digest();
    // Everything on disk is old enough to be trusted.
    options_.now = [] { return INT64_MAX; };
  }

  Paths Scanned() {
    asked_.clear();
    Scan scan = ScanContext(Context(dir_ / "t"), options_);
    EXPECT_EQ(scan.tree(), scan.listing().TreeDigest());
    Paths paths;
    for (const IndexEntry& entry : scan.listing().entries()) paths.emplace_back(entry.path);
    return paths;
  }

  void UseFilter(const Paths& refused, const char* name) {
    options_.walk.filter_name = Sha(name);
    options_.walk.filter = [this, refused](std::string_view path, bool) {
      asked_.emplace_back(path);
      bool out = std::find(refused.begin(), refused.end(), path) != refused.end();
      return out ? Verdict::kLeaveOut : Verdict::kKeep;
    };
  }

  void WaitForTick() {
    std::string probe = home_ / "probe";
    auto tick = [&] {
      WriteFile(probe, "x");
      struct stat info = {};
      EXPECT_EQ(lstat(probe.c_str(), &info), 0);
      return FileStatOf(info).ctime;
    };
    int64_t before = tick();
    while (tick() == before) continue;
  }

  TempDir dir_;
  TempDir home_;
  CacheDir cache_;
  ScanOptions options_;
  Paths asked_;  // by the filter
};

TEST_F(ScanNamesTest, AnUnchangedDirectoryIsNotReadAndItsNamesNotAskedFor) {
  UseFilter({"a/y"}, "one");
  Paths expected = {"a", "a/x", "b", "b/c", "b/c/z", "f"};
  EXPECT_EQ(Scanned(), expected);
  EXPECT_EQ(asked_.size(), 7u);
  WaitForTick();
  WriteFile(dir_ / "t/b/c/new", "");
  expected.insert(expected.begin() + 4, "b/c/new");
  EXPECT_EQ(Scanned(), expected);
  std::sort(asked_.begin(), asked_.end());
  // The top has no entry that could remember its times.
  EXPECT_EQ(asked_, (Paths{"a", "b", "b/c/new", "b/c/z", "f"}));
}

TEST_F(ScanNamesTest, NamesThatComeGoAndChangeAreSeen) {
  Scanned();
  WaitForTick();
  unlink((dir_ / "t/a/x").c_str());
  EXPECT_EQ(Scanned(), (Paths{"a", "a/y", "b", "b/c", "b/c/z", "f"}));
  WaitForTick();
  std::filesystem::rename(dir_ / "t/b/c/z", dir_ / "t/a/z");
  EXPECT_EQ(Scanned(), (Paths{"a", "a/y", "a/z", "b", "b/c", "f"}));
  WaitForTick();
  std::filesystem::rename(dir_ / "t/a", dir_ / "t/b/c/a");
  EXPECT_EQ(Scanned(), (Paths{"b", "b/c", "b/c/a", "b/c/a/y", "b/c/a/z", "f"}));
}

TEST_F(ScanNamesTest, ADirectoryInTheOthersPlaceIsRead) {
  WriteFile(dir_ / "other/q", "");
  Scanned();
  std::filesystem::rename(dir_ / "t/a", dir_ / "gone");
  std::filesystem::rename(dir_ / "other", dir_ / "t/a");
  EXPECT_EQ(Scanned(), (Paths{"a", "a/q", "b", "b/c", "b/c/z", "f"}));
}

TEST_F(ScanNamesTest, AnotherFilterOrOneWithoutANameSeesAll) {
  UseFilter({"a/y", "b/c/z"}, "one");
  EXPECT_EQ(Scanned(), (Paths{"a", "a/x", "b", "b/c", "f"}));
  UseFilter({}, "two");
  EXPECT_EQ(Scanned().size(), 7u);
  UseFilter({"a/x"}, "");
  options_.walk.filter_name.reset();
  EXPECT_EQ(Scanned(), (Paths{"a", "a/y", "b", "b/c", "b/c/z", "f"}));
  // Recorded without a name: not believed by any filter.
  options_.walk.filter = nullptr;
  options_.walk.filter_name = Digest();
  EXPECT_EQ(Scanned().size(), 7u);
}

TEST_F(ScanNamesTest, WhatIsBelowARefusedDirectoryIsSeenWhenItComes) {
  UseFilter({"b", "b/c", "b/c/z"}, "one");
  EXPECT_EQ(Scanned(), (Paths{"a", "a/x", "a/y", "f"}));
  WaitForTick();
  WriteFile(dir_ / "t/b/c/new", "");
  EXPECT_EQ(Scanned(), (Paths{"a", "a/x", "a/y", "b", "b/c", "b/c/new", "f"}));
  WaitForTick();
  unlink((dir_ / "t/b/c/new").c_str());
  EXPECT_EQ(Scanned(), (Paths{"a", "a/x", "a/y", "f"}));
}

TEST_F(ScanNamesTest, WarningsComeEachTime) {
  ASSERT_EQ(mkfifo((dir_ / "t/a/pipe").c_str(), 0600), 0);
  size_t warnings = 0;
  options_.walk.warn = [&](const std::string&) { ++warnings; };
  for (size_t round = 1; round <= 3; ++round) {
    EXPECT_EQ(Scanned().size(), 7u);
    EXPECT_EQ(warnings, round);
  }
}

TEST_F(ScanNamesTest, ADirectoryThatChangedWithinTheMarginIsRead) {
  struct stat info = {};
  ASSERT_EQ(lstat((dir_ / "t/a").c_str(), &info), 0);
  int64_t changed = FileStatOf(info).ctime;
  UseFilter({}, "one");
  for (int64_t after : {int64_t{0}, kRacyMargin, kRacyMargin + 1}) {
    options_.now = [&] { return changed + after; };
    options_.recall = false;
    Scanned();
    options_.recall = true;
    Scanned();
    bool was_asked = std::find(asked_.begin(), asked_.end(), "a/x") != asked_.end();
    EXPECT_EQ(was_asked, after <= kRacyMargin) << after;
  }
}

}  // namespace
}  // namespace kontext
