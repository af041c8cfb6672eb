#include "extractor/args.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kontext::extractor {
namespace {

struct Parsed {
  bool ok;
  Args args;
  UsageProblem problem;
};

Parsed Parse(std::vector<const char*> words) {
  words.insert(words.begin(), "kontext-extractor");
  Parsed parsed{};
  parsed.ok =
      ParseArgs(static_cast<int>(words.size()), words.data(), &parsed.args, &parsed.problem);
  return parsed;
}

TEST(ArgsTest, NothingMeansExtractToWorkspace) {
  Parsed parsed = Parse({});
  ASSERT_TRUE(parsed.ok);
  EXPECT_EQ(parsed.args.command, Command::kExtract);
  EXPECT_STREQ(parsed.args.target, "/workspace");
  EXPECT_STREQ(parsed.args.root, "/");
  EXPECT_FALSE(parsed.args.owner.set);
  EXPECT_FALSE(parsed.args.prune);
}

TEST(ArgsTest, TakesValuesApartAndWithEquals) {
  Parsed parsed = Parse({"extract", "--target", "a", "--owner=7:8", "--jobs", "3", "--prune"});
  ASSERT_TRUE(parsed.ok);
  EXPECT_STREQ(parsed.args.target, "a");
  EXPECT_EQ(parsed.args.owner.uid, 7u);
  EXPECT_EQ(parsed.args.owner.gid, 8u);
  EXPECT_EQ(parsed.args.jobs, 3u);
  EXPECT_TRUE(parsed.args.prune);
  EXPECT_STREQ(Parse({"--output_dir=b"}).args.target, "b");
  EXPECT_EQ(Parse({"--quiet", "verify"}).args.command, Command::kVerify);
}

TEST(ArgsTest, HelpAndVersionGoBeforeAll) {
  EXPECT_EQ(Parse({"list", "--help"}).args.command, Command::kHelp);
  EXPECT_EQ(Parse({"--version"}).args.command, Command::kVersion);
}

TEST(ArgsTest, RefusesAndNames) {
  struct Row {
    std::vector<const char*> words;
    const char* named;
  };
  const Row rows[] = {
      {{"--nonsense"}, "--nonsense"},
      {{"nonsense"}, "nonsense"},
      {{"verify", "list"}, "list"},
      {{"--target"}, "--target"},
      {{"--target="}, "--target"},
      {{"--prune=yes"}, "--prune"},
      {{"--jobs", "0"}, "--jobs"},
      {{"--jobs", "33"}, "--jobs"},
      {{"--jobs", "-1"}, "--jobs"},
      {{"--owner", "7"}, "--owner"},
      {{"--owner", "7:"}, "--owner"},
      {{"--owner", "4294967295:0"}, "--owner"},
      {{"verify", "--prune"}, "--prune"},
      {{"--quiet", "--quiet"}, "--quiet"},
      {{"--target", "a", "--output_dir=b"}, "--output_dir"},
      {{"list", "--target", "x"}, "--target"},
      {{""}, ""},
  };
  for (const Row& row : rows) {
    Parsed parsed = Parse(row.words);
    EXPECT_FALSE(parsed.ok) << row.named;
    EXPECT_EQ(parsed.problem.argument, row.named);
  }
}

}  // namespace
}  // namespace kontext::extractor
