#include "common/path.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/random.h"

namespace kontext {
namespace {

std::vector<std::string> Split(const std::string& path) {
  std::vector<std::string> names(1);
  for (char c : path) {
    if (c == '/') {
      names.emplace_back();
    } else {
      names.back() += c;
    }
  }
  return names;
}

// The order's meaning: component by component, each by its unsigned bytes.
bool NaiveLess(const std::string& a, const std::string& b) {
  auto less = [](const std::string& x, const std::string& y) {
    return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end(), [](char p, char q) {
      return static_cast<unsigned char>(p) < static_cast<unsigned char>(q);
    });
  };
  std::vector<std::string> x = Split(a);
  std::vector<std::string> y = Split(b);
  return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end(), less);
}

std::string RandomPath(Random* random) {
  using namespace std::string_view_literals;
  std::string path;
  for (size_t names = 1 + random->Below(4); names > 0; --names) {
    path += random->Text(1 + random->Below(3), "ab-.\x01\xff\x80"sv);
    if (names > 1) path += '/';
  }
  return path;
}

int Sign(int value) { return (value > 0) - (value < 0); }

TEST(ComparePathsTest, IsTheOrderOfComponents) {
  Random random;
  for (int i = 0; i < 20000; ++i) {
    std::string a = RandomPath(&random);
    std::string b = RandomPath(&random);
    int naive = NaiveLess(a, b) ? -1 : NaiveLess(b, a) ? 1 : 0;
    ASSERT_EQ(Sign(ComparePaths(a, b)), naive) << a << " " << b;
    ASSERT_EQ(Sign(ComparePaths(b, a)), -naive);
    ASSERT_EQ(ComparePaths(a, a), 0);
  }
}

TEST(ComparePathsTest, IsTransitive) {
  Random random;
  for (int i = 0; i < 20000; ++i) {
    std::string a = RandomPath(&random), b = RandomPath(&random), c = RandomPath(&random);
    if (ComparePaths(a, b) <= 0 && ComparePaths(b, c) <= 0) {
      ASSERT_LE(ComparePaths(a, c), 0) << a << " " << b << " " << c;
    }
  }
}

TEST(ComparePathsTest, ADirectoryIsFollowedAtOnceByWhatIsInIt) {
  const std::vector<std::string> sorted = {"a",    "a/b", "a/b/c", "a/\xff", "a\x01", "a-",
                                           "a-/x", "a.b", "aa",    "b",      "\x80"};
  for (size_t i = 0; i + 1 < sorted.size(); ++i) {
    EXPECT_LT(ComparePaths(sorted[i], sorted[i + 1]), 0) << sorted[i] << " " << sorted[i + 1];
  }
}

TEST(PathProblemTest, GoodPaths) {
  const std::string good[] = {"a",
                              "a/b",
                              "...",
                              "a/..b",
                              ".wh.a",
                              "\xff",
                              " ",
                              "a\nb",
                              "\\",
                              "-",
                              std::string(255, 'x'),
                              "a/" + std::string(255, 'x') + "/b"};
  for (const std::string& path : good) EXPECT_EQ(PathProblem(path), nullptr) << path;
}

TEST(PathProblemTest, BadPaths) {
  const std::string bad[] = {"",
                             "/",
                             "/a",
                             "a/",
                             "a//b",
                             ".",
                             "..",
                             "./a",
                             "a/.",
                             "a/..",
                             "../a",
                             "a/../b",
                             "a/./b",
                             std::string("a\0b", 3),
                             std::string(256, 'x'),
                             "a/" + std::string(256, 'x')};
  for (const std::string& path : bad) EXPECT_NE(PathProblem(path), nullptr) << path;
}

TEST(PathProblemTest, LongestPath) {
  std::string path;
  while (path.size() + 2 <= kMaxPath) path += "a/";
  path.back() = 'b';
  path.resize(kMaxPath, 'c');
  EXPECT_EQ(PathProblem(path), nullptr);
  EXPECT_NE(PathProblem(path + "c"), nullptr);
}

TEST(PathTest, Parts) {
  EXPECT_EQ(ParentOf("a/b/c"), "a/b");
  EXPECT_EQ(ParentOf("a"), "");
  EXPECT_EQ(NameOf("a/b/c"), "c");
  EXPECT_EQ(NameOf("a"), "a");
  EXPECT_TRUE(IsUnder("a/b", "a"));
  EXPECT_TRUE(IsUnder("a/b/c", "a"));
  EXPECT_FALSE(IsUnder("a", "a"));
  EXPECT_FALSE(IsUnder("ab", "a"));
  EXPECT_FALSE(IsUnder("ab/c", "a"));
  EXPECT_FALSE(IsUnder("a", "a/b"));
}

}  // namespace
}  // namespace kontext
