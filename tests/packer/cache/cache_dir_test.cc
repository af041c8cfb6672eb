#include "packer/cache/cache_dir.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "packer/cache/cache_trim.h"
#include "packer/leftover.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

constexpr CacheKind kKind = CacheKind::kIndex;

std::string Get(const CacheDir& cache, const std::string& key) {
  std::optional<CachedBytes> bytes = cache.Read(kKind, key);
  return bytes ? std::string(bytes->view()) : "none";
}

size_t FilesIn(const std::string& folder) {
  size_t count = 0;
  for (const auto& item : std::filesystem::directory_iterator(folder)) {
    count += item.path().filename() != ".trimmed";
  }
  return count;
}

TEST(CacheDirTest, KeepsWhatWasWrittenLast) {
  TempDir dir;
  CacheDir cache(dir / "a/b/kontext");
  EXPECT_EQ(Get(cache, "k1"), "none");
  EXPECT_FALSE(std::filesystem::exists(dir / "a"));
  EXPECT_TRUE(cache.Write(kKind, "k1", [](const CacheDir::Sink& sink) {
    for (const char* piece : {"one", "", "two"}) sink(piece);
  }));
  EXPECT_TRUE(cache.Write(kKind, "k2", ""));
  EXPECT_EQ(Get(cache, "k1"), "onetwo");
  EXPECT_EQ(Get(cache, "k2"), "");
  EXPECT_TRUE(cache.Write(kKind, "k1", "new"));
  EXPECT_EQ(Get(CacheDir(dir / "a/b/kontext"), "k1"), "new");
  EXPECT_FALSE(cache.Read(CacheKind::kStat, "k1"));
  for (const char* made : {"a", "a/b/kontext", "a/b/kontext/index"}) {
    struct stat info;
    ASSERT_EQ(stat((dir / made).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0700u) << made;
  }
}

TEST(CacheDirTest, WhatWasReadStaysAsItWas) {
  TempDir dir;
  CacheDir cache(dir / "kontext");
  for (size_t size : {size_t{10}, size_t{3} << 20}) {  // read, mapped
    std::string old(size, 'o');
    ASSERT_TRUE(cache.Write(kKind, "k1", old));
    std::optional<CachedBytes> bytes = cache.Read(kKind, "k1");
    ASSERT_TRUE(bytes);
    EXPECT_TRUE(cache.Write(kKind, "k1", std::string(size, 'n')));
    EXPECT_EQ(bytes->view(), old);
    EXPECT_EQ(Get(cache, "k1"), std::string(size, 'n'));
    std::filesystem::remove_all(dir / "kontext");
    EXPECT_EQ(bytes->view(), old);
  }
}

TEST(CacheDirTest, KeysAreNoPaths) {
  TempDir dir;
  CacheDir cache(dir / "c");
  for (const std::string& key : {std::string(""), std::string("../x"), std::string("a/b"),
                                 std::string("a.b"), std::string(129, 'a')}) {
    EXPECT_FALSE(cache.Write(kKind, key, "x")) << key;
    EXPECT_FALSE(cache.Read(kKind, key)) << key;
  }
  EXPECT_TRUE(cache.Write(kKind, std::string(128, 'a'), "x"));
}

TEST(CacheDirTest, WithoutAFolderNothingIsKept) {
  CacheDir none;
  CacheDir relative("some/where");
  for (const CacheDir* cache : {&none, &relative}) {
    EXPECT_FALSE(cache->Write(kKind, "k", "x"));
    EXPECT_FALSE(cache->Read(kKind, "k"));
  }
}

TEST(CacheDirTest, TheFolderComesFromTheEnvironment) {
  const struct {
    const char* xdg;
    const char* home;
    const char* folder;
  } kCases[] = {
      {"/x", "/h", "/x/kontext"},      {nullptr, "/h", "/h/.cache/kontext"},
      {"", "/h", "/h/.cache/kontext"}, {"relative", "/h", "/h/.cache/kontext"},
      {nullptr, nullptr, ""},          {nullptr, "relative", ""},
  };
  std::string xdg_before = getenv("XDG_CACHE_HOME") ? getenv("XDG_CACHE_HOME") : "";
  std::string home_before = getenv("HOME") ? getenv("HOME") : "";
  auto set = [](const char* name, const char* value) {
    value != nullptr ? setenv(name, value, 1) : unsetenv(name);
  };
  for (const auto& test : kCases) {
    set("XDG_CACHE_HOME", test.xdg);
    set("HOME", test.home);
    EXPECT_EQ(CacheDir::DefaultFolder(), test.folder);
  }
  setenv("XDG_CACHE_HOME", xdg_before.c_str(), 1);
  setenv("HOME", home_before.c_str(), 1);
}

TEST(CacheDirTest, AFolderThatOthersMayWriteToIsNotUsed) {
  TempDir dir;
  std::vector<std::string> lines;
  CacheDir cache(dir / "c", [&](const std::string& line) { lines.push_back(line); });
  EXPECT_TRUE(cache.Write(kKind, "k", "x"));
  chmod((dir / "c").c_str(), 0777);
  EXPECT_EQ(Get(cache, "k"), "none");
  EXPECT_FALSE(cache.Write(kKind, "k", "y"));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(dir / "c"), std::string::npos);
  chmod((dir / "c").c_str(), 0700);
  chmod((dir / "c/index").c_str(), 0770);
  EXPECT_EQ(Get(cache, "k"), "none");
  chmod((dir / "c/index").c_str(), 0700);
  EXPECT_EQ(Get(cache, "k"), "x");
}

TEST(CacheDirTest, WhatIsInTheWayIsNoError) {
  TempDir dir;
  WriteFile(dir / "file", "x");
  std::vector<std::string> lines;
  CacheDir cache(dir / "file/c", [&](const std::string& line) { lines.push_back(line); });
  EXPECT_FALSE(cache.Write(kKind, "k", "x"));
  EXPECT_FALSE(cache.Write(kKind, "k", "x"));
  EXPECT_EQ(lines.size(), 1u);
  CacheDir other(dir / "c");
  ASSERT_TRUE(other.Write(kKind, "k", "x"));
  std::filesystem::remove(dir / "c/index/k");
  std::filesystem::create_directories(dir / "c/index/k/sub");
  EXPECT_FALSE(other.Write(kKind, "k", "x"));
  EXPECT_FALSE(other.Read(kKind, "k"));
  EXPECT_EQ(FilesIn(dir / "c/index"), 1u);
  WriteFile(dir / "target", "secret");
  std::filesystem::create_symlink(dir / "target", dir / "c/index/l");
  EXPECT_FALSE(other.Read(kKind, "l"));
}

// A limit on the size of files stands for a full disk: both fail a write part way.
TEST(CacheDirTest, AFullDiskKeepsTheOldFileAndLeavesNothing) {
  TempDir dir;
  CacheDir cache(dir / "c");
  ASSERT_TRUE(cache.Write(kKind, "k", "old"));
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto handler = signal(SIGXFSZ, SIG_IGN);
  struct rlimit low = {4096, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
  bool written = cache.Write(kKind, "k", std::string(10000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  EXPECT_FALSE(written);
  EXPECT_EQ(Get(cache, "k"), "old");
  EXPECT_EQ(FilesIn(dir / "c/index"), 1u);
}

TEST(CacheDirTest, AFileSystemWithoutRoomKeepsNothing) {
  TempDir dir;
  std::filesystem::create_directory(dir / "m");
  if (mount("none", (dir / "m").c_str(), "tmpfs", 0, "size=64k,mode=0700") != 0) {
    GTEST_SKIP() << "only root can mount a file system";
  }
  CacheDir cache(dir / "m/c");
  EXPECT_TRUE(cache.Write(kKind, "small", "x"));
  EXPECT_FALSE(cache.Write(kKind, "large", std::string(200000, 'x')));
  EXPECT_EQ(Get(cache, "small"), "x");
  EXPECT_EQ(FilesIn(dir / "m/c/index"), 1u);
  ASSERT_EQ(mount("none", (dir / "m").c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  EXPECT_FALSE(cache.Write(kKind, "small", "y"));
  EXPECT_EQ(Get(cache, "small"), "x");
  EXPECT_EQ(umount((dir / "m").c_str()), 0);
}

TEST(CacheDirTest, ReadersAndWritersSeeWholeFiles) {
  TempDir dir;
  CacheDir cache(dir / "c");
  ASSERT_TRUE(cache.Write(kKind, "k", std::string(50000, 'a')));
  auto work = [&](char letter) {
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(cache.Write(kKind, "k", std::string(50000, letter)));
      std::string got = Get(cache, "k");
      ASSERT_EQ(got.size(), 50000u);
      EXPECT_EQ(got, std::string(50000, got[0]));
    }
  };
  std::thread other(work, 'b');
  work('c');
  other.join();
  EXPECT_EQ(FilesIn(dir / "c/index"), 1u);
}

void SetTime(const std::string& path, int64_t seconds) {
  struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

TEST(CacheTrimTest, TheLeastRecentlyUsedGo) {
  const struct {
    const char* name;
    uint64_t max_bytes;
    size_t max_files;
    std::vector<std::string> left;
  } kCases[] = {
      {"room for all", 1000, 10, {"f1", "f2", "f3", "f4"}},
      {"two files", 1000, 2, {"f3", "f4"}},
      {"bytes", 25, 10, {"f3", "f4"}},
      {"none", 0, 0, {}},
  };
  for (const auto& test : kCases) {
    TempDir dir;
    for (int i = 1; i <= 4; ++i) {
      WriteFile(dir / ("f" + std::to_string(i)), std::string(10, 'x'));
      SetTime(dir / ("f" + std::to_string(i)), 1000 + i);
    }
    UniqueFd folder(open(dir.path().c_str(), O_RDONLY | O_DIRECTORY));
    TrimCache(folder.get(), {"", test.max_bytes, test.max_files});
    std::vector<std::string> left;
    for (const auto& item : std::filesystem::directory_iterator(dir.path())) {
      if (item.path().filename() != ".trimmed") left.push_back(item.path().filename());
    }
    std::sort(left.begin(), left.end());
    EXPECT_EQ(left, test.left) << test.name;
  }
}

TEST(CacheTrimTest, OnlyTemporaryFilesThatNobodyHoldsGo) {
  TempDir dir;
  std::string left = NewTempName(), held = NewTempName();
  for (const std::string& name : {left, held, std::string("k")}) WriteFile(dir / name, "x");
  UniqueFd holder(open((dir / held).c_str(), O_RDONLY));
  ASSERT_EQ(flock(holder.get(), LOCK_EX), 0);
  UniqueFd folder(open(dir.path().c_str(), O_RDONLY | O_DIRECTORY));
  TrimCache(folder.get(), {"", 1000, 1});
  EXPECT_FALSE(std::filesystem::exists(dir / left));
  EXPECT_TRUE(std::filesystem::exists(dir / held));
  EXPECT_TRUE(std::filesystem::exists(dir / "k"));
}

TEST(CacheTrimTest, ItIsDueOnceAnHour) {
  TempDir dir;
  UniqueFd folder(open(dir.path().c_str(), O_RDONLY | O_DIRECTORY));
  EXPECT_TRUE(IsTrimDue(folder.get()));
  TrimCache(folder.get(), {"", 0, 0});
  EXPECT_FALSE(IsTrimDue(folder.get()));
  SetTime(dir / ".trimmed", time(nullptr) + 2);
  EXPECT_FALSE(IsTrimDue(folder.get())) << "files' times run ahead of time() by a tick";
  SetTime(dir / ".trimmed", time(nullptr) - 3601);
  EXPECT_TRUE(IsTrimDue(folder.get()));
  SetTime(dir / ".trimmed", time(nullptr) + 3700);
  EXPECT_TRUE(IsTrimDue(folder.get())) << "a clock that was set back";
}

TEST(CacheDirTest, TheFirstWriteOfARunCleansUp) {
  TempDir dir;
  ASSERT_TRUE(CacheDir(dir / "c").Write(kKind, "k", "x"));
  std::string left = dir / ("c/index/" + NewTempName());
  WriteFile(left, "by a killed run");
  SetTime(dir / "c/index/k", 1000);
  CacheDir cache(dir / "c");
  EXPECT_EQ(Get(cache, "k"), "x");
  struct stat info;
  ASSERT_EQ(stat((dir / "c/index/k").c_str(), &info), 0);
  EXPECT_GT(info.st_mtim.tv_sec, 1000) << "reading renews the time of use";
  ASSERT_TRUE(cache.Write(kKind, "l", "x"));
  EXPECT_FALSE(std::filesystem::exists(left));
}

}  // namespace
}  // namespace kontext
