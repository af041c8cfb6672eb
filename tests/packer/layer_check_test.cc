#include "packer/layer_check.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kontext {
namespace {

using Problems = std::vector<std::string>;

TarItem Dir(const std::string& path) {
  TarItem item;
  item.type = TarItem::Type::kDir;
  item.path = path;
  item.mode = 0755;
  return item;
}

Problems ProblemsOf(const std::vector<TarItem>& items) {
  ExpectedItem file;
  file.required = false;
  Problems problems;
  LayerCheck check({{"var/run/kontext/a/b/f", file}, {"var/run/kontext/a-", file}},
                   [&](const std::string& problem) { problems.push_back(problem); });
  for (const TarItem& item : items) {
    check.Begin(item);
    check.End();
  }
  check.Finish();
  return problems;
}

TEST(LayerCheckTest, DirectoriesWithoutALineLeadToWhatHasOne) {
  EXPECT_EQ(ProblemsOf({Dir("var"), Dir("var/run"), Dir("var/run/kontext"),
                        Dir("var/run/kontext/a"), Dir("var/run/kontext/a/b")}),
            Problems());
  for (const char* path : {"var/run/kontext/c", "var/run/kontext/a/b/c", "va", "var/lib", "etc"}) {
    EXPECT_EQ(ProblemsOf({Dir(path)}),
              Problems{path + std::string(": its index does not have it")});
  }
  EXPECT_EQ(ProblemsOf({Dir("var/run/kontext/a-")}),
            Problems{"var/run/kontext/a-: of another type than its index says"});
}

}  // namespace
}  // namespace kontext
