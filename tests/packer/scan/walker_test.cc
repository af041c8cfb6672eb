#include "packer/scan/walker.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/path.h"
#include "packer/error.h"
#include "packer/scan/context.h"
#include "packer/scan/dir_names.h"
#include "packer/scan/file_hasher.h"
#include "packer/scan/open_below.h"
#include "tests/support/index_text.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

using Paths = std::vector<std::string>;

Paths PathsOf(const Walked& walked) {
  Paths paths;
  for (const IndexEntry& entry : walked.listing.entries()) paths.emplace_back(entry.path);
  EXPECT_EQ(walked.stats.size(), paths.size());
  return paths;
}

// Few descriptors, for as long as it lives.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t limit) {
    getrlimit(RLIMIT_NOFILE, &before_);
    struct rlimit low = {limit, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  }
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  struct rlimit before_;
};

size_t OpenDescriptors() {
  size_t count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

TEST(WalkerTest, AnyNumberOfThreadsGivesTheSame) {
  TempDir dir;
  Random random;
  for (int i = 0; i < 400; ++i) {
    std::string path = "r";
    for (size_t depth = random.Below(6); depth > 0; --depth) {
      path += '/' + random.Text(1 + random.Below(2), "ab-.");
      path += 'd';
    }
    std::string name = random.Text(1 + random.Below(12), "ab.-0Z\x01\xff");
    WriteFile(dir / (path + "/" + name + "f"), name);
  }
  Context context(dir.path());
  Paths expected;
  for (const auto& item : std::filesystem::recursive_directory_iterator(dir.path())) {
    expected.push_back(item.path().string().substr(dir.path().size() + 1));
  }
  std::sort(expected.begin(), expected.end(),
            [](const auto& a, const auto& b) { return ComparePaths(a, b) < 0; });
  size_t before = OpenDescriptors();
  for (size_t threads : {1, 2, 3, 16}) {
    EXPECT_EQ(PathsOf(context.Walk({.threads = threads})), expected) << threads;
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(WalkerTest, NamesSortBytewise) {
  TempDir dir;
  Random random;
  Paths expected;
  for (int i = 0; i < 3000; ++i) {
    expected.push_back(random.Text(1 + random.Below(20), "ab\x01\xff ") + std::to_string(i));
    WriteFile(dir / expected.back(), "");
  }
  std::sort(expected.begin(), expected.end());
  DirNames names;
  for (int round = 0; round < 2; ++round) {
    UniqueFd fd(open(dir.path().c_str(), O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(names.Read(fd.get()));
    Paths found;
    for (size_t i = 0; i < names.size(); ++i) found.emplace_back(names.name(i), names.length(i));
    EXPECT_EQ(found, expected);
  }
  EXPECT_FALSE(names.Read(-1));
}

// A chain of directories deeper than PATH_MAX and than the descriptors, with a file in each.
TEST(WalkerTest, DeepTreesNeedFewDescriptors) {
  constexpr size_t kLevels = 4200;
  TempDir dir;
  UniqueFd at(open(dir.path().c_str(), O_RDONLY | O_DIRECTORY));
  std::string deepest;
  for (size_t i = 0; i < kLevels; ++i) {
    ASSERT_EQ(mkdirat(at.get(), "dd", 0755), 0);
    UniqueFd file(openat(at.get(), "f", O_WRONLY | O_CREAT, 0644));
    ASSERT_TRUE(WriteAll(file.get(), "deep", 4));
    deepest += deepest.empty() ? "dd" : "/dd";
    at = UniqueFd(openat(at.get(), "dd", O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(at.valid());
  }
  Context context(dir.path());
  for (size_t threads : {1, 2}) {
    Walked walked;
    {
      FewDescriptors limit(64);
      walked = context.Walk({.threads = threads});
      // By their whole paths, which takes its time: once is enough.
      if (threads == 2) HashFiles(context, 1, &walked);
    }
    ASSERT_EQ(walked.listing.entries().size(), 2 * kLevels);
    EXPECT_EQ(walked.listing.entries()[kLevels - 1].path, deepest);
    if (threads == 2) {
      EXPECT_EQ(walked.listing.entries()[kLevels].sha256, Sha("deep"));
    }
  }
  // std::filesystem cannot remove what is below PATH_MAX.
  for (size_t i = 0; i < kLevels; ++i) {
    UniqueFd parent(openat(at.get(), "..", O_RDONLY | O_DIRECTORY));
    unlinkat(parent.get(), "f", 0);
    unlinkat(parent.get(), "dd", AT_REMOVEDIR);
    at = std::move(parent);
  }
}

TEST(WalkerTest, BushyTreesNeedFewDescriptors) {
  TempDir dir;
  for (int i = 0; i < 12; ++i) {
    for (int j = 0; j < 12; ++j) {
      for (const char* leaf : {"x", "y", "z"}) {
        std::filesystem::create_directories(
            dir / (std::to_string(i) + "/" + std::to_string(j) + "/" + leaf + "/deeper/still"));
      }
    }
  }
  Context context(dir.path());
  FewDescriptors limit(60);
  EXPECT_EQ(PathsOf(context.Walk({.threads = 4})).size(), 12u + 144 + 3 * 432);
}

TEST(WalkerTest, WhatAFilterThrowsReachesTheCaller) {
  TempDir dir;
  for (int i = 0; i < 50; ++i) WriteFile(dir / ("d" + std::to_string(i) + "/f"), "");
  auto filter = [](std::string_view path, bool) {
    if (path == "d17/f") throw std::runtime_error("of the filter");
    return Verdict::kKeep;
  };
  for (size_t threads : {1, 4}) {
    EXPECT_THROW(Context(dir.path()).Walk({.filter = filter, .threads = threads}),
                 std::runtime_error);
  }
}

TEST(WalkerTest, ADirectoryThatGoesAwayHasChanged) {
  for (bool is_link : {false, true}) {
    TempDir dir;
    TempDir outside;
    WriteFile(outside / "secret", "");
    WriteFile(dir / "d/f", "");
    // The filter is asked after the directory was found and before it is entered.
    auto filter = [&](std::string_view path, bool) {
      if (path == "d") {
        std::filesystem::remove_all(dir / "d");
        if (is_link) std::filesystem::create_directory_symlink(outside.path(), dir / "d");
      }
      return Verdict::kKeep;
    };
    try {
      Context(dir.path()).Walk({.filter = filter});
      ADD_FAILURE() << "no Error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kChanged);
      EXPECT_NE(std::string(error.what()).find(dir / "d"), std::string::npos);
    }
  }
}

TEST(WalkerTest, OneFileSystemStopsAtMountPoints) {
  TempDir dir;
  WriteFile(dir / "a", "");
  std::filesystem::create_directory(dir / "m");
  if (mount("none", (dir / "m").c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "only root can mount a file system";
  }
  WriteFile(dir / "m/f", "");
  Context context(dir.path());
  EXPECT_EQ(PathsOf(context.Walk({.one_file_system = true})), (Paths{"a", "m"}));
  EXPECT_EQ(PathsOf(context.Walk({})), (Paths{"a", "m", "m/f"}));
  auto no_mount = [](std::string_view path, bool) {
    return path == "m" ? Verdict::kLeaveOut : Verdict::kKeep;
  };
  EXPECT_EQ(PathsOf(context.Walk({.filter = no_mount, .one_file_system = true})), Paths{"a"});
  EXPECT_EQ(umount((dir / "m").c_str()), 0);
}

TEST(OpenBelowTest, NoLinkIsFollowed) {
  TempDir dir;
  WriteFile(dir / "d/e/f", "x");
  std::filesystem::create_directory_symlink("d", dir / "l");
  std::filesystem::create_symlink("f", dir / "d/e/g");
  UniqueFd root(open(dir.path().c_str(), O_RDONLY | O_DIRECTORY));
  EXPECT_TRUE(OpenBelow(root.get(), "d/e/f", O_RDONLY).valid());
  for (const char* path : {"l/e/f", "d/e/g", "l"}) {
    EXPECT_FALSE(OpenBelow(root.get(), path, O_RDONLY).valid()) << path;
    EXPECT_TRUE(errno == ELOOP || errno == ENOTDIR) << path;
  }
  EXPECT_FALSE(OpenBelow(root.get(), "d/none", O_RDONLY).valid());
  EXPECT_EQ(errno, ENOENT);
}

}  // namespace
}  // namespace kontext
