#include "packer/scan/glob.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "common/path.h"
#include "tests/packer/scan/slow_glob.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

Glob Compiled(std::string_view pattern) {
  std::string problem;
  std::optional<Glob> glob = Glob::Compile(pattern, &problem);
  EXPECT_TRUE(glob) << pattern << ": " << problem;
  return glob ? *glob : *Glob::Compile("none", &problem);
}

struct Case {
  const char* pattern;
  const char* path;
  bool matches;
};

TEST(Glob, Matches) {
  constexpr Case kCases[] = {
      {"a", "a", true},
      {"a", "a/b/c", true},
      {"a", "ab", false},
      {"a", "b/a", false},
      {"a/b", "a/b/c", true},
      {"a/b", "a", false},
      {"*", "a", true},
      {"*", "a/b", true},
      {"*.o", "x.o", true},
      {"*.o", ".o", true},
      {"*.o", "d/x.o", false},
      {"*.o", "d.o/x", true},
      {"a*", "abc/d", true},
      {"a*c", "abbc", true},
      {"a*c", "ab/c", false},
      {"a*b*c", "axbxbc", true},
      {"*/a", "x/a", true},
      {"*/a", "a", false},
      {"*/a", "x/y/a", false},
      {"?", "a", true},
      {"?", "ab", false},
      {"a?b", "a/b", false},
      {"**", "a/b", true},
      {"**/a", "a", true},
      {"**/a", "x/y/a/z", true},
      {"**/a", "xa", false},
      {"**/a/b", "a/b", true},
      {"**/a/b", "x/a/b", true},
      {"**/a/b", "a/x/b", false},
      {"**/*.o", "x.o", true},
      {"**/*.o", "x/y.o", true},
      {"**/*.o", "x.o/y", true},
      {"**/*.o", "x/y.oo", false},
      {"**/*", "x", true},
      {"a/**", "a", false},
      {"a/**", "a/b/c", true},
      {"a**", "abc/d", true},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"a/**/b", "a/xb", false},
      {"a**b", "ab", true},
      {"a**b", "ax/b", true},
      {"a**b", "axb", false},
      {"**.o", "x.o", true},
      {"**.o", "x/y.o", true},
      {"**.o", "x.o/y", true},
      {"**a*", "xa", false},
      {"**a*", "x/ab", true},
      {"**/**/a", "x/a", true},
      {"**/**", "x/a", true},
      {"***", "x", true},
      {"[abc]", "b", true},
      {"[a-c]x", "bx", true},
      {"[a-c]x", "dx", false},
      {"[^a-c]x", "dx", true},
      {"[^a-c]x", "bx", false},
      {"[!a]", "!", true},
      {"[!a]", "b", false},
      {"[*?]", "*", true},
      {"[*?]", "a", false},
      {"[\\]a]", "]", true},
      {"[\\-a]", "-", true},
      {"a[^x]b", "a/b", true},
      {"]", "]", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"\\a\\?", "a?", true},
      {"x\\*/**", "x*/y", true},
      {"^*$", "^a$", true},
      {"a.b", "axb", false},
      {"(a|b)+{1}", "(a|b)+{1}", true},
      {"..", "..", true},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(Compiled(c.pattern).Matches(c.path), c.matches) << c.pattern << " on " << c.path;
    EXPECT_EQ(SlowGlob(c.pattern, c.path), c.matches) << c.pattern << " on " << c.path;
  }
}

TEST(Glob, CharactersAreThoseOfUtf8) {
  constexpr Case kCases[] = {
      {"?", "\xc3\xa4", true},          // one character of two bytes
      {"??", "\xc3\xa4", false},        //
      {"?", "\xf0\x9f\x98\x80", true},  // of four
      {"?", "\x80", true},              // a byte that is none
      {"??", "\xc3\xff", true},         // two of them
      {"?", "\xed\xa0\x80", false},     // a surrogate is three
      {"?", "\xc0\xaf", false},         // '/' in two bytes is two
      {"[\xc3\xa0-\xc3\xb6]", "\xc3\xa4", true},
      {"[\xc3\xa0-\xc3\xb6]", "a", false},
      {"[^a]", "\xff", true},
      {"\xff*", "\xff/x", true},
      {"*\xa4", "\xc3\xa4", false},  // not a part of a character
      {"*\xa4", "x\xa4", true},
      {"\xc3*", "\xc3\xa4", false},
      {"\xc3**", "\xc3\xa4", false},
      {"\xc3\xa4", "\xc3\xa4/x", true},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(Compiled(c.pattern).Matches(c.path), c.matches) << c.pattern << " on " << c.path;
    EXPECT_EQ(SlowGlob(c.pattern, c.path), c.matches) << c.pattern << " on " << c.path;
  }
}

TEST(Glob, MalformedPatterns) {
  for (const char* pattern : {"[", "[a", "[]", "[^]", "[]a]", "[-a]", "[a-]", "[a-b-c]", "[b-a]",
                              "[a-\\]", "[\\", "a\\", "[\xff]", "[a]["}) {
    std::string problem;
    EXPECT_FALSE(Glob::Compile(pattern, &problem)) << pattern;
    EXPECT_FALSE(problem.empty()) << pattern;
  }
  std::string problem;
  EXPECT_TRUE(Glob::Compile(std::string(kMaxGlob, 'a'), &problem));
  EXPECT_FALSE(Glob::Compile(std::string(kMaxGlob + 1, 'a'), &problem));
}

TEST(Glob, MayMatchBelow) {
  constexpr Case kCases[] = {
      {"a/b/c", "a", true},    {"a/b/c", "a/b", true},   {"a/b/c", "a/b/c", false},
      {"a/b/c", "b", false},   {"a/b", "a/bc", false},   {"a/**", "a", true},
      {"a/**", "a/b", true},   {"a/**", "b", false},     {"ab**", "a", false},
      {"ab**", "abc", true},   {"*.o", "a", false},      {"*/x", "a", true},
      {"*/x", "a/b", false},   {"*/x/*", "a/x", true},   {"*/x/*", "a/y", false},
      {"**/x", "a/b/c", true}, {"a/**/x", "a/b", true},  {"a/**/x", "b", false},
      {"a/?/x", "a/b", true},  {"a/?/x", "a/bc", false}, {"a\\/b", "a", true},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(Compiled(c.pattern).MayMatchBelow(c.path), c.matches)
        << c.pattern << " in " << c.path;
  }
}

TEST(GlobProperty, SameAsTheSlowMatcher) {
  Random random;
  constexpr std::string_view kPieces[] = {"a",  "b",     "/",     "*",    "**",  "**/",    "?",
                                          ".o", "[ab]",  "[^a]",  "\\*",  "é",   "\xa9",   "a/",
                                          "/b", "[a-z]", "[^/a]", "\\\\", "***", "\xc3[é]"};
  constexpr std::string_view kParts[] = {"a", "b",    "/",    "*",  ".o",
                                         "é", "\xa9", "\xc3", "\\", "ab/"};
  for (int round = 0; round < 30000; ++round) {
    std::string pattern;
    std::string path;
    for (size_t n = random.Below(6) + 1; n > 0; --n) pattern += kPieces[random.Below(20)];
    for (size_t n = random.Below(7) + 1; n > 0; --n) path += kParts[random.Below(10)];
    if (PathProblem(path) != nullptr) continue;
    Glob glob = Compiled(pattern);
    ASSERT_EQ(glob.Matches(path), SlowGlob(pattern, path)) << pattern << " on " << path;
    // What matches below a directory may match below it.
    for (size_t cut = path.find('/'); cut != std::string::npos; cut = path.find('/', cut + 1)) {
      std::string dir = path.substr(0, cut);
      bool below = glob.Matches(path) && !glob.Matches(dir);
      ASSERT_TRUE(!below || glob.MayMatchBelow(dir)) << pattern << " on " << path << " in " << dir;
    }
  }
}

// Nothing that is written in a pattern makes more work than its size times the path's.
TEST(Glob, WorkIsBounded) {
  std::string many_deeps;
  std::string many_stars;
  while (many_deeps.size() < 4000) many_deeps += "**/a*";
  while (many_stars.size() < 4000) many_stars += "*a";
  std::string path;
  while (path.size() < 60000) path += "aaaaaaaaaaaaaaaaaaaaaaaaa/";
  for (const std::string& pattern :
       {std::string("**/**/**/a*a*a*a*a*a*a*b"), many_deeps + "b", many_stars + "b",
        std::string(2000, '*') + "b", std::string(4000, '?'), std::string("[^b]*[^b]*[^b]*b")}) {
    uint64_t work = 0;
    Compiled(pattern).Matches(path, &work);
    EXPECT_LE(work, (path.size() + 1) * (pattern.size() / 64 + 2)) << pattern.substr(0, 40);
  }
  std::string umlauts;
  while (umlauts.size() < 6000) umlauts += "\xc3\xa4";
  uint64_t work = 0;
  Compiled(many_stars + "b").Matches("a" + umlauts, &work);
  EXPECT_LE(work, (umlauts.size() + 1) * (many_stars.size() + 2));
}

}  // namespace
}  // namespace kontext
