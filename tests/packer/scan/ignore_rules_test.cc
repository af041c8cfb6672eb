#include "packer/scan/ignore_rules.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/path.h"
#include "packer/error.h"
#include "tests/packer/scan/slow_glob.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

IgnoreRules RulesOf(std::string_view text) {
  IgnoreRules rules;
  rules.AddText(text, "f");
  return rules;
}

bool Keeps(const IgnoreRules& rules, std::string_view path) {
  return rules.Check(path, false) == Verdict::kKeep;
}

std::string ProblemOf(std::string_view text) {
  try {
    RulesOf(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFormat);
    return error.what();
  }
  return "";
}

struct Case {
  const char* name;
  const char* rules;
  std::vector<const char*> kept;
  std::vector<const char*> left_out;
};

void Hold(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    IgnoreRules rules = RulesOf(c.rules);
    for (const char* path : c.kept) EXPECT_TRUE(Keeps(rules, path)) << c.name << ": " << path;
    for (const char* path : c.left_out) EXPECT_FALSE(Keeps(rules, path)) << c.name << ": " << path;
  }
}

// The examples of the documentation of .dockerignore.
TEST(IgnoreRules, DocumentedExamples) {
  Hold({
      {"any immediate subdirectory",
       "# comment\n*/temp*\n",
       {"temp", "temporary.txt", "somedir/sub/temp", "# comment"},
       {"somedir/temporary.txt", "somedir/temp", "somedir/temp/x"}},
      {"two levels below the root",
       "*/*/temp*",
       {"somedir/temporary.txt"},
       {"somedir/subdir/temporary.txt"}},
      {"one character", "temp?", {"temp", "tempab", "d/tempa"}, {"tempa", "tempb"}},
      {"any number of directories", "**/*.go", {"a.goo"}, {"a.go", "x/a.go", "x/y/a.go"}},
      {"from the root, with or without a slash",
       "/foo/bar\nbaz/qux",
       {"x/foo/bar", "foo", "x/baz/qux"},
       {"foo/bar", "baz/qux"}},
      {"an exception", "*.md\n!README.md", {"README.md", "d/x.md"}, {"a.md"}},
      {"the last line that matches decides",
       "*.md\n!README*.md\nREADME-secret.md",
       {"README.md", "README-a.md"},
       {"a.md", "README-secret.md"}},
      {"a line without effect",
       "*.md\nREADME-secret.md\n!README*.md",
       {"README.md", "README-secret.md"},
       {"a.md"}},
      {"all but", "*\n!src\n!go.mod", {"src", "src/x/y", "go.mod"}, {"a", "d/src", "go.sum"}},
      {"the pattern . is ignored", ".\n", {"a", ".x"}, {}},
      {"dots and slashes are cleaned", "./a/../b//c/\n", {"a", "b"}, {"b/c", "b/c/d"}},
  });
}

TEST(IgnoreRules, Lines) {
  Hold({
      {"byte order mark", "\xef\xbb\xbf# no\n", {"# no"}, {}},
      {"byte order mark before a pattern",
       "\xef\xbb\xbf"
       "a",
       {},
       {"a"}},
      {"a mark of the second line is text",
       "b\n\xef\xbb\xbf"
       "a",
       {"a"},
       {"\xef\xbb\xbf"
        "a"}},
      {"CRLF", "a\r\nb\r\n!a/x\r\n", {"a/x"}, {"a", "b"}},
      {"white space around",
       "  a \t\n\xc2\xa0"
       "b\xe3\x80\x80\n! a/x ",
       {"a/x"},
       {"a", "b"}},
      {"white space inside", "a b\n", {"a", "b"}, {"a b"}},
      {"a comment at the line's start only", " # x\na # y\n", {"a"}, {"# x", "a # y"}},
      {"an escaped comment and exception", "\\#a\n\\!b\n", {}, {"#a", "!b"}},
      {"blank lines", "\n\n \n\r\na", {""}, {"a"}},
      {"nothing at all", "", {"a"}, {}},
      {"trailing slash", "a/\n", {"b/a"}, {"a", "a/b"}},
      {"leading slash of an exception", "*\n!/a/\n", {"a", "a/b"}, {"b"}},
      {"only the root", "/\n.\n!.\n", {"a"}, {}},
      {"white space before a slash at the end", "a /\n!b /x\nc / \n", {"b"}, {"a", "c"}},
      {"an exclamation mark behind a leading slash", "*\n/!a\n", {"a"}, {"b", "!a"}},
      {"out of the context", "../a\n/../b\n", {"a"}, {"b"}},
      {"parent of an exception", "a\n!a/b/c\n", {"a/b/c", "a/b/c/d"}, {"a", "a/b", "a/x"}},
      {"a directory that comes back whole", "a/**\n!a/b\n", {"a", "a/b", "a/b/c"}, {"a/c"}},
      {"an exception of a name", "*\n!**/*.c\n", {"x.c", "d/x.c"}, {"d", "x.o"}},
      {"later again", "a\n!a\na/b\n", {"a", "a/c"}, {"a/b"}},
      {"two exclamation marks", "*\n!!a\n", {"!a"}, {"a"}},
  });
}

TEST(IgnoreRules, WrongLinesAreNamed) {
  EXPECT_EQ(ProblemOf("a\n!\n"), "f:2: '!' is no pattern: nothing follows the '!'");
  EXPECT_EQ(ProblemOf("/!"), "f:1: '/!' is no pattern: nothing follows the '!'");
  EXPECT_EQ(ProblemOf("!//"), "f:1: '!//' is no pattern: an exception of the whole directory");
  EXPECT_EQ(ProblemOf("a\n\n [b\n"), "f:3: '[b' is no pattern: it has a [ without its ]");
  EXPECT_EQ(ProblemOf("a\\ "),
            "f:1: 'a\\' is no pattern: it ends in a backslash with nothing to escape");
  EXPECT_NE(ProblemOf(std::string(5000, 'a')).find("f:1: 'aaa"), std::string::npos);
  EXPECT_LT(ProblemOf(std::string(5000, 'a')).size(), 300U);
  EXPECT_NE(ProblemOf(std::string(kMaxIgnoreFile + 1, '#')).find("f is no ignore file"),
            std::string::npos);
  std::string many;
  for (size_t i = 0; i < kMaxIgnoreRules; ++i) many += "a\n";
  EXPECT_EQ(ProblemOf(many), "");
  EXPECT_NE(ProblemOf(many + "a\n").find("f:10001: 'a'"), std::string::npos);
}

TEST(IgnoreRules, Options) {
  IgnoreRules rules = RulesOf("a\n");
  rules.Add("a/b", true, "--include");
  rules.Add(" #c ", false, "--exclude");
  rules.Add("!d", true, "--include");
  EXPECT_TRUE(Keeps(rules, "a/b"));
  EXPECT_FALSE(Keeps(rules, "#c"));
  EXPECT_EQ(ToString(*rules.Why("a/c")), "a (f:1)");
  EXPECT_EQ(ToString(*rules.Why("a/b")), "!a/b (--include)");
  EXPECT_EQ(ToString(*rules.Why("#c")), "#c (--exclude)");
  EXPECT_EQ(rules.Why("x"), nullptr);
  EXPECT_THROW(rules.Add("", false, "--exclude"), Error);
  EXPECT_THROW(rules.Add("[", true, "--include"), Error);
}

TEST(IgnoreRules, Git) {
  struct {
    const char* rules;
    const char* path;
    bool kept;
  } cases[] = {
      {"", ".git", false},
      {"", ".git/HEAD", false},
      {"", "sub/mod/.git", false},
      {"", ".gitignore", true},
      {"", "x.git", true},
      {"*\n!src", "src/.git", false},
      {"*\n!src", "src/x", true},
      {"*\n!**", ".git/HEAD", false},
      {"!.git", ".git/HEAD", true},
      {"!.git", "sub/.git", false},
      {"!**/.git", "sub/.git", true},
      {"!.git/HEAD", ".git/HEAD", true},
      {"!.git/HEAD", ".git/config", false},
      {"!.git\n**/HEAD", ".git/HEAD", false},
  };
  for (const auto& c : cases) {
    IgnoreRules rules;
    rules.LeaveOutGit();
    rules.AddText(c.rules, "f");
    EXPECT_EQ(Keeps(rules, c.path), c.kept) << c.rules << " on " << c.path;
  }
  EXPECT_TRUE(Keeps(RulesOf("*\n!.git"), ".git/HEAD"));
}

TEST(IgnoreRules, DirectoriesAreEnteredForAnExceptionOnly) {
  struct {
    const char* rules;
    const char* dir;
    Verdict verdict;
  } cases[] = {
      {"a", "a", Verdict::kLeaveOutWithAllBelow},
      {"a", "b", Verdict::kKeep},
      {"a\n!b", "a", Verdict::kLeaveOutWithAllBelow},
      {"!a/b\na", "a", Verdict::kLeaveOutWithAllBelow},
      {"a\n!a/b", "a", Verdict::kLeaveOut},
      {"a\n!a/b", "a/c", Verdict::kLeaveOutWithAllBelow},
      {"a\n!a/b\na", "a", Verdict::kLeaveOutWithAllBelow},
      {"a\n!*/b", "a", Verdict::kLeaveOut},
      {"a\n!**/b", "a/x/y", Verdict::kLeaveOut},
      {"a\n!*.o", "a", Verdict::kLeaveOutWithAllBelow},
      {"*\n!a/b/c", "a/b", Verdict::kLeaveOut},
      {"*\n!a/b/c", "a/x", Verdict::kLeaveOutWithAllBelow},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(RulesOf(c.rules).Check(c.dir, true), c.verdict) << c.rules << " on " << c.dir;
  }
}

// A rule for the reference: its pattern is clean already.
struct SlowRule {
  std::string pattern;
  bool exception;
};

bool SlowKeeps(const std::vector<SlowRule>& rules, std::string_view path) {
  bool kept = true;
  for (const SlowRule& rule : rules) {
    if (SlowGlob(rule.pattern, path)) kept = rule.exception;
  }
  return kept;
}

using Paths = std::set<std::string>;

bool IsDir(const Paths& paths, const std::string& path) {
  auto next = paths.upper_bound(path + '/');
  return next != paths.end() && IsUnder(*next, path);
}

// As the walker does: what lies in a directory that is not entered is not asked for.
Paths Walk(const IgnoreRules& rules, const Paths& paths) {
  Paths kept;
  Paths closed;
  for (const std::string& path : paths) {
    std::string parent(ParentOf(path));
    bool is_dir = IsDir(paths, path);
    Verdict verdict =
        closed.contains(parent) ? Verdict::kLeaveOutWithAllBelow : rules.Check(path, is_dir);
    if (is_dir && verdict == Verdict::kLeaveOutWithAllBelow) closed.insert(path);
    if (verdict == Verdict::kKeep) kept.insert(path);
  }
  return kept;
}

std::string RandomPattern(Random* random) {
  constexpr std::string_view kNames[] = {"a", "b", "c", "a.o", "*", "**", "*.o", "?", "[ab]", "a*"};
  std::string pattern;
  for (size_t n = random->Below(3) + 1; n > 0; --n) {
    if (!pattern.empty()) pattern += '/';
    pattern += kNames[random->Below(std::size(kNames))];
  }
  return pattern;
}

TEST(IgnoreRulesProperty, AWalkFindsWhatEveryPathByItselfWould) {
  Random random;
  Paths paths;
  for (const char* a : {"a", "b", "c", "a.o"}) {
    for (const char* b : {"a", "b", "b.o"}) {
      for (const char* c : {"a", "c", "c.o"}) {
        std::string path = std::string(a) + '/' + b + '/' + c;
        for (; !path.empty(); path = std::string(ParentOf(path))) paths.insert(path);
      }
    }
  }
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    std::vector<SlowRule> slow;
    for (size_t n = random.Below(6) + 1; n > 0; --n) {
      slow.push_back({RandomPattern(&random), random.Percent(45)});
      text += (slow.back().exception ? "!" : "") + slow.back().pattern + '\n';
    }
    Paths want;
    for (const std::string& path : paths) {
      if (SlowKeeps(slow, path)) want.insert(path);
    }
    ASSERT_EQ(Walk(RulesOf(text), paths), want) << text;
  }
}

// What a fuzzer does: any bytes are rules or an Error, and rules answer any path.
TEST(IgnoreRulesProperty, AnyBytes) {
  Random random;
  for (int round = 0; round < 5000; ++round) {
    std::string text = random.Text(random.Below(40), "ab/*?[]^-\\!# .\n\r\xc3\xa9\xff");
    std::string path = random.Text(random.Below(20), "ab/.\\*\xc3\xa9\xff\n");
    try {
      IgnoreRules rules = RulesOf(text);
      bool kept = rules.Check(path, true) == Verdict::kKeep;
      const IgnoreRule* why = rules.Why(path);
      EXPECT_EQ(kept, why == nullptr || why->exception);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kFormat);
    }
  }
}

}  // namespace
}  // namespace kontext
