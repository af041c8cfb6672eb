#include "packer/scan/scan.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "packer/scan/file_hasher.h"
#include "packer/scan/stat_cache.h"
#include "tests/support/index_text.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tree_model.h"

namespace kontext {
namespace {

int64_t Now() {
  auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

// A clock ahead: everything on disk is old enough to be trusted.
int64_t Later() { return Now() + 3600'000'000'000; }

struct stat StatFile(const std::string& path) {
  struct stat info = {};
  EXPECT_EQ(lstat(path.c_str(), &info), 0) << path;
  return info;
}

class ScanTest : public testing::Test {
 protected:
  ScanTest() : cache_(home_ / "cache") { std::filesystem::create_directory(dir_ / "t"); }

  Scan ScanAt(const std::string& path, std::function<int64_t()> now = Later) {
    ScanOptions options;
    options.walk.threads = 2;
    options.walk.filter_name = Digest();
    options.cache = &cache_;
    options.now = std::move(now);
    Scan scan = ScanContext(Context(path), options);
    scan.WaitUntilKept();
    return scan;
  }
  Scan Again(std::function<int64_t()> now = Later) { return ScanAt(dir_ / "t", std::move(now)); }

  // From now on a change gets another time than what was changed before.
  void WaitForTick() {
    std::string probe = home_ / "probe";
    WriteFile(probe, "x");
    int64_t before = FileStatOf(StatFile(probe)).ctime;
    while (FileStatOf(StatFile(probe)).ctime == before) WriteFile(probe, "x");
  }

  std::string CacheFile() const { return FindCacheFile(64); }
  // Of what has changed since that was written.
  std::string ChangesFile() const { return FindCacheFile(64 + std::strlen("changes")); }
  std::string MarksFile() const { return FindCacheFile(64 + std::strlen("marks")); }

  std::string FindCacheFile(size_t name_length) const {
    for (const auto& item : std::filesystem::directory_iterator(home_ / "cache/stat")) {
      if (item.path().filename().string().size() == name_length) return item.path();
    }
    return "";
  }

  TempDir dir_;
  TempDir home_;
  CacheDir cache_;
};

TEST_F(ScanTest, UnchangedFilesAreNotRead) {
  for (const char* name : {"t/a/b", "t/a/c", "t/d"}) WriteFile(dir_ / name, name);
  std::filesystem::create_symlink("d", dir_ / "t/l");
  Scan first = Again();
  EXPECT_EQ(first.files_read, 3u);
  struct stat cache = StatFile(CacheFile());
  Scan second = Again();
  EXPECT_EQ(second.files_read, 0u);
  EXPECT_EQ(second.tree(), first.tree());
  EXPECT_EQ(second.tree(), second.listing().TreeDigest());
  EXPECT_EQ(second.totals.bytes, first.totals.bytes);
  EXPECT_EQ(FileStatOf(StatFile(CacheFile())), FileStatOf(cache)) << "nothing changed: no write";
}

TEST_F(ScanTest, OnlyTheChangedFileIsRead) {
  for (const char* name : {"t/a/b", "t/a/c", "t/d"}) WriteFile(dir_ / name, name);
  Again();
  WaitForTick();
  WriteFile(dir_ / "t/a/c", "other");
  Scan second = Again();
  EXPECT_EQ(second.files_read, 1u);
  EXPECT_EQ(second.listing().entries()[2].sha256, Sha("other"));
  EXPECT_EQ(Again().files_read, 0u);
}

TEST_F(ScanTest, FilesBelowARenamedDirectoryAreNotRead) {
  for (const char* name : {"t/a/b/x", "t/a/c", "t/d"}) WriteFile(dir_ / name, name);
  std::filesystem::create_hard_link(dir_ / "t/a/c", dir_ / "t/a/e");
  Again();
  WaitForTick();
  std::filesystem::rename(dir_ / "t/a", dir_ / "t/z");
  WriteFile(dir_ / "t/a", "new");
  Scan second = Again();
  EXPECT_EQ(second.files_read, 1u);
  ASSERT_EQ(second.listing().entries().size(), 7u);
  EXPECT_EQ(second.listing().entries()[4].path, "z/b/x");
  EXPECT_EQ(second.listing().entries()[4].sha256, Sha("t/a/b/x"));
  EXPECT_EQ(second.listing().entries()[6].sha256, Sha("t/a/c"));
}

TEST_F(ScanTest, TheSameSizeAndMtimeAreNoticedByCtime) {
  std::string path = dir_ / "t/f";
  WriteFile(path, "old");
  Again();
  struct stat before = StatFile(path);
  WaitForTick();
  WriteFile(path, "new");
  struct timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  struct stat after = StatFile(path);
  ASSERT_EQ(FileStatOf(after).mtime, FileStatOf(before).mtime);
  ASSERT_EQ(after.st_size, before.st_size);
  ASSERT_EQ(after.st_ino, before.st_ino);
  Scan second = Again();
  EXPECT_EQ(second.files_read, 1u);
  EXPECT_EQ(second.listing().entries()[0].sha256, Sha("new"));
}

TEST_F(ScanTest, AnotherFileUnderTheSameNameIsNoticed) {
  WriteFile(dir_ / "t/f", "old");
  WriteFile(dir_ / "g", "new");
  Again();
  std::filesystem::rename(dir_ / "g", dir_ / "t/f");
  EXPECT_EQ(Again().listing().entries()[0].sha256, Sha("new"));
}

TEST_F(ScanTest, AFileWrittenWithinTheMarginIsReadAgain) {
  WriteFile(dir_ / "t/f", "x");
  int64_t changed = FileStatOf(StatFile(dir_ / "t/f")).ctime;
  const struct {
    int64_t scanned;  // after the change
    size_t read_next;
  } kCases[] = {{-1000, 1}, {0, 1}, {kRacyMargin, 1}, {kRacyMargin + 1, 0}, {kRacyMargin, 0}};
  for (const auto& test : kCases) {
    Again([&] { return changed + test.scanned; });
    EXPECT_EQ(Again([&] { return changed + test.scanned; }).files_read, test.read_next)
        << test.scanned;
  }
}

TEST_F(ScanTest, AFileOfTheFutureIsAlwaysRead) {
  WriteFile(dir_ / "t/f", "x");
  struct timespec future = {4'000'000'000, 0};
  struct timespec times[2] = {future, future};
  ASSERT_EQ(utimensat(AT_FDCWD, (dir_ / "t/f").c_str(), times, 0), 0);
  Again();
  EXPECT_EQ(Again().files_read, 1u);
}

TEST_F(ScanTest, AMovedDirectoryIsTheSame) {
  WriteFile(dir_ / "t/f", "x");
  Again();
  std::filesystem::rename(dir_ / "t", dir_ / "u");
  EXPECT_EQ(ScanAt(dir_ / "u").files_read, 0u);
  std::filesystem::create_directory(dir_ / "t");
  WriteFile(dir_ / "t/f", "y");
  Scan other = Again();
  EXPECT_EQ(other.files_read, 1u);
  EXPECT_EQ(other.listing().entries()[0].sha256, Sha("y"));
}

TEST_F(ScanTest, ASingleFileHasACacheOfItsOwn) {
  WriteFile(dir_ / "t/f", "x");
  WriteFile(dir_ / "t/g", "y");
  for (size_t read : {1, 0}) {
    EXPECT_EQ(ScanAt(dir_ / "t/f").files_read, read);
    EXPECT_EQ(ScanAt(dir_ / "t/g").files_read, read);
  }
  EXPECT_EQ(Again().files_read, 2u);
  EXPECT_EQ(ScanAt(dir_ / "t/f").files_read, 0u);
}

TEST_F(ScanTest, AnotherFilterIsAnotherListing) {
  for (const char* name : {"t/a", "t/b", "t/c"}) WriteFile(dir_ / name, name);
  Again();
  ScanOptions options;
  options.cache = &cache_;
  options.now = Later;
  options.walk.filter = [](std::string_view path, bool) {
    return path == "b" ? Verdict::kLeaveOut : Verdict::kKeep;
  };
  Scan filtered = ScanContext(Context(dir_ / "t"), options);
  filtered.WaitUntilKept();
  EXPECT_EQ(filtered.files_read, 0u);
  EXPECT_EQ(filtered.totals.files, 2u);
  EXPECT_EQ(filtered.tree(), filtered.listing().TreeDigest());
  Scan all = Again();
  EXPECT_EQ(all.files_read, 1u);
  EXPECT_EQ(all.totals.files, 3u);
}

TEST_F(ScanTest, NothingIsTakenWithoutRecallAndNothingWrittenWithoutACache) {
  WriteFile(dir_ / "t/f", "x");
  ScanOptions options;
  options.now = Later;
  EXPECT_EQ(ScanContext(Context(dir_ / "t"), options).files_read, 1u);
  EXPECT_FALSE(std::filesystem::exists(home_ / "cache"));
  options.cache = &cache_;
  options.recall = false;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ScanContext(Context(dir_ / "t"), options).files_read, 1u);
  }
  EXPECT_EQ(Again().files_read, 0u);
}

TEST_F(ScanTest, ADamagedOrUnwritableCacheCostsTimeOnly) {
  Random random;
  WriteFile(dir_ / "t/f", "x");
  WriteFile(dir_ / "t/g", "y");
  Digest tree = Again().tree();
  for (int round = 0; round < 50; ++round) {
    std::string bytes = ReadFile(CacheFile());
    bytes[random.Below(bytes.size())] ^= static_cast<char>(1 + random.Below(255));
    if (random.Percent(30)) bytes.resize(random.Below(bytes.size()));
    WriteFile(CacheFile(), bytes, 0600);
    Scan scan = Again();
    EXPECT_EQ(scan.files_read, 2u);
    EXPECT_EQ(scan.tree(), tree);
  }
  EXPECT_EQ(Again().files_read, 0u);
  std::filesystem::remove_all(home_ / "cache");
  WriteFile(home_ / "cache", "in the way");
  EXPECT_EQ(Again().tree(), tree);
}

TEST_F(ScanTest, AFewChangesAreKeptBesideTheRecord) {
  for (int i = 0; i < 100; ++i) WriteFile(dir_ / ("t/" + std::to_string(i)), "x");
  Again();
  struct stat record = StatFile(CacheFile());
  EXPECT_EQ(ChangesFile(), "");
  for (int i = 0; i < 70; ++i) {
    WaitForTick();
    WriteFile(dir_ / ("t/" + std::to_string(i)), "yy");
    std::string marks = ReadFile(MarksFile());
    if (i % 3 == 1) std::filesystem::remove(MarksFile());
    Scan scan = Again();
    if (i % 3 == 2)
      WriteFile(MarksFile(), marks, 0600);  // the old ones, as of a run that was killed
    EXPECT_EQ(scan.files_read, 1u);
    EXPECT_EQ(scan.tree(), scan.listing().TreeDigest());
    Scan unchanged = Again();
    EXPECT_EQ(unchanged.files_read, 0u);
    EXPECT_EQ(unchanged.tree(), scan.tree());
    EXPECT_EQ(unchanged.listing().TreeDigest(), scan.tree());
    EXPECT_EQ(unchanged.totals.bytes, scan.totals.bytes);
  }
  EXPECT_EQ(StatFile(CacheFile()).st_ino, record.st_ino);
  EXPECT_GE(FileStatOf(StatFile(CacheFile())).mtime, FileStatOf(StatFile(ChangesFile())).mtime)
      << "the record is not the first one to go";
  Digest tree = Again().tree();
  std::string changes = ReadFile(ChangesFile());
  EXPECT_LT(changes.size(), 70 * 100u + 200);
  for (int damage = 0; damage < 2; ++damage) {
    WriteFile(ChangesFile(), damage == 0 ? "x" : changes.substr(0, 200), 0600);
    Scan without = Again();
    EXPECT_EQ(without.files_read, 70u);
    EXPECT_EQ(without.tree(), tree);
    EXPECT_EQ(Again().files_read, 0u);
  }
  WriteFile(dir_ / "t/100", "one more");
  EXPECT_EQ(Again().files_read, 1u);
  EXPECT_NE(StatFile(CacheFile()).st_ino, record.st_ino) << "another path takes a new record";
  WriteFile(ChangesFile(), changes, 0600);
  EXPECT_EQ(Again().files_read, 0u) << "what was of the old record is not of the new one";
}

TEST_F(ScanTest, AFileThatIsReadAgainAndIsTheSameMakesNoOtherTree) {
  for (const char* name : {"t/a/b", "t/a/c", "t/d"}) WriteFile(dir_ / name, name);
  Scan first = Again();
  WaitForTick();
  WriteFile(dir_ / "t/a/c", "t/a/c");
  Scan second = Again();
  EXPECT_EQ(second.files_read, 1u);
  EXPECT_EQ(second.tree(), first.tree());
  EXPECT_FALSE(second.IsSurelyNot(first.tree()));
  EXPECT_EQ(second.ChangesSince(first.tree()), nullptr);
  EXPECT_EQ(second.listing().TreeDigest(), first.tree());
  EXPECT_EQ(Again().files_read, 0u);
}

TEST_F(ScanTest, TwoAtATimeAreBothRight) {
  for (int i = 0; i < 50; ++i) {
    WriteFile(dir_ / ("t/" + std::to_string(i % 7) + "/" + std::to_string(i)), std::to_string(i));
  }
  Digest tree = Again().tree();
  auto work = [&] {
    CacheDir cache(home_ / "cache");
    for (int i = 0; i < 30; ++i) {
      ScanOptions options;
      options.cache = &cache;
      options.recall = i % 3 != 0;
      options.now = Later;
      EXPECT_EQ(ScanContext(Context(dir_ / "t"), options).tree(), tree);
    }
  };
  std::thread other(work);
  work();
  other.join();
}

// Makes the directory what the tree says, touching only what differs.
void Apply(const Tree& before, const Tree& after, const std::string& root) {
  for (auto item = before.rbegin(); item != before.rend(); ++item) {
    auto found = after.find(item->first);
    if (found == after.end() || found->second.type != item->second.type ||
        item->second.type == EntryType::kSymlink) {
      std::filesystem::remove(root + '/' + item->first);
    }
  }
  for (const auto& [path, node] : after) {
    std::string full = root + '/' + path;
    auto found = before.find(path);
    if (found != before.end() && found->second == node && node.type != EntryType::kSymlink) {
      continue;
    }
    if (node.type == EntryType::kDir) std::filesystem::create_directory(full);
    if (node.type == EntryType::kFile) WriteFile(full, node.text);
    if (node.type == EntryType::kSymlink) std::filesystem::create_symlink(node.text, full);
    if (node.type != EntryType::kSymlink) chmod(full.c_str(), node.mode);
  }
}

std::vector<std::string> ChangesBetween(const Tree& before, const Tree& after) {
  Tree all = before;
  all.insert(after.begin(), after.end());
  std::vector<std::string> changes;
  for (const auto& [path, node] : all) {
    auto old = before.find(path), now = after.find(path);
    bool both = old != before.end() && now != after.end();
    if (!both || !(old->second == now->second)) changes.push_back(path);
  }
  return changes;
}

TEST_F(ScanTest, ChangesSinceAnotherTreeAreNotKnown) {
  WriteFile(dir_ / "t/f", "1");
  Digest tree = Again().tree();
  EXPECT_EQ(Again().ChangesSince(tree), nullptr) << "there are none";
  WriteFile(dir_ / "t/f", "22");
  Scan scan = Again();
  EXPECT_EQ(scan.ChangesSince(Sha("another")), nullptr);
  ASSERT_NE(scan.ChangesSince(tree), nullptr);
  std::filesystem::remove_all(home_ / "cache");
  WriteFile(dir_ / "t/f", "333");
  EXPECT_EQ(Again().ChangesSince(scan.tree()), nullptr);
}

TEST_F(ScanTest, TooManyChangesAreNotTold) {
  for (int i = 0; i < 2000; ++i) WriteFile(dir_ / ("t/" + std::to_string(i)), "x");
  Digest tree = Again().tree();
  for (int i = 0; i < 1500; ++i) WriteFile(dir_ / ("t/" + std::to_string(i)), "yy");
  EXPECT_EQ(Again().ChangesSince(tree), nullptr);
}

// What is looked up of a scan is what its listing has.
void CheckLookups(const Scan& scan) {
  const std::vector<IndexEntry>& entries = scan.listing().entries();
  ASSERT_EQ(scan.entries().size(), entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(ListingLineOf(scan.entries().Entry(i)), ListingLineOf(entries[i]));
    EXPECT_EQ(scan.entries().FirstFrom(entries[i].path), i);
    std::optional<IndexEntry> found = scan.entries().Find(entries[i].path);
    ASSERT_TRUE(found);
    EXPECT_EQ(ListingLineOf(*found), ListingLineOf(entries[i]));
    EXPECT_FALSE(scan.entries().Find(std::string(entries[i].path) + "//"));
  }
  ListingTotals totals = scan.listing().Totals();
  EXPECT_EQ(scan.totals.files, totals.files);
  EXPECT_EQ(scan.totals.dirs, totals.dirs);
  EXPECT_EQ(scan.totals.symlinks, totals.symlinks);
  EXPECT_EQ(scan.totals.bytes, totals.bytes);
}

TEST_F(ScanTest, ManyChangesTakeANewRecord) {
  for (int i = 0; i < 300; ++i) WriteFile(dir_ / ("t/d/" + std::to_string(i)), "x");
  std::filesystem::create_symlink("d", dir_ / "t/l");
  Again();
  struct stat record = StatFile(CacheFile());
  WaitForTick();
  for (int i = 0; i < 200; ++i) WriteFile(dir_ / ("t/d/" + std::to_string(i)), "yy");
  Scan scan = Again();
  EXPECT_EQ(scan.files_read, 200u);
  CheckLookups(scan);
  EXPECT_NE(StatFile(CacheFile()).st_ino, record.st_ino);
  EXPECT_EQ(ChangesFile(), "");
  Scan again = Again();
  EXPECT_EQ(again.files_read, 0u);
  EXPECT_EQ(again.tree(), scan.tree());
  CheckLookups(again);
}

// The record is mapped.
TEST_F(ScanTest, ALargeDirectory) {
  for (int i = 0; i < 12000; ++i) {
    WriteFile(dir_ / ("t/" + std::to_string(i / 100) + "/" + std::to_string(i)), "x");
  }
  Digest before = Again().tree();
  ASSERT_GT(std::filesystem::file_size(CacheFile()), size_t{1} << 20);
  for (const char* text : {"yy", "zzz"}) {
    WaitForTick();
    WriteFile(dir_ / "t/57/5701", text);
    Scan scan = Again();
    EXPECT_EQ(scan.files_read, 1u);
    EXPECT_NE(scan.tree(), before);
    EXPECT_EQ(scan.tree(), scan.listing().TreeDigest());
    ASSERT_NE(scan.ChangesSince(before), nullptr);
    EXPECT_EQ(scan.ChangesSince(before)->size(), 1u);
    Scan again = Again();
    EXPECT_EQ(again.files_read, 0u);
    EXPECT_EQ(again.tree(), scan.tree());
    before = again.tree();
  }
  CheckLookups(Again());
}

// Something else under a name that is recorded.
TEST_F(ScanTest, AnotherKindAtAPath) {
  using Step = std::function<void(const std::string& path)>;
  const Step kSteps[] = {
      [](const std::string& path) { WriteFile(path, "file"); },
      [](const std::string& path) { std::filesystem::create_symlink("a", path); },
      [](const std::string& path) { std::filesystem::create_symlink("b", path); },
      [](const std::string& path) { std::filesystem::create_directory(path); },
      [](const std::string& path) { WriteFile(path + "/below", "x"); },
      [](const std::string& path) { ASSERT_EQ(mkfifo(path.c_str(), 0600), 0); },
      [](const std::string& path) { WriteFile(path, "file"); },
  };
  for (const char* name : {"t/a", "t/d/e", "t/z"}) WriteFile(dir_ / name, name);
  for (const Step& step : kSteps) {
    Again();
    WaitForTick();
    std::filesystem::remove_all(dir_ / "t/d/n");
    step(dir_ / "t/d/n");
    Scan scan = Again();
    Scan clean = ScanContext(Context(dir_ / "t"), {});
    EXPECT_EQ(scan.tree(), clean.tree());
    EXPECT_EQ(scan.tree(), scan.listing().TreeDigest());
    CheckLookups(scan);
  }
}

TEST_F(ScanTest, RandomEditsAreSeenWithAndWithoutTheCache) {
  if (geteuid() != 0) GTEST_SKIP() << "random modes lock out all but root";
  Random random;
  Tree tree;
  for (int round = 0; round < 200; ++round) {
    Tree before = tree;
    for (size_t i = 1 + random.Below(4); i > 0; --i) EditTree(&random, &tree);
    WaitForTick();
    Apply(before, tree, dir_ / "t");
    std::string expected = ListingTextOf(tree);
    // The real clock: everything is racy. The later one: everything is trusted.
    bool racy = random.Percent(20);
    Scan scan = racy ? Again(Now) : Again();
    std::string text;
    for (const IndexEntry& entry : scan.listing().entries()) text += ListingLineOf(entry);
    ASSERT_EQ(text, expected) << "round " << round;
    EXPECT_EQ(scan.tree(), Sha(expected));
    CheckLookups(scan);
    std::vector<std::string> changes = ChangesBetween(before, tree);
    const std::vector<std::string_view>* told = scan.ChangesSince(Sha(ListingTextOf(before)));
    ASSERT_EQ(told != nullptr, round > 0 && !changes.empty()) << "round " << round;
    if (told == nullptr) continue;
    EXPECT_EQ(std::vector<std::string>(told->begin(), told->end()), changes) << "round " << round;
  }
}

}  // namespace
}  // namespace kontext
