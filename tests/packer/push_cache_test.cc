#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "packer/cache/cache_dir.h"
#include "packer/kontext.h"
#include "packer/scan/context.h"
#include "packer/scan/stat_cache.h"
#include "tests/support/index_text.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

// A push keeps its cache in a folder of the test's.
class PushCacheTest : public testing::Test {
 protected:
  PushCacheTest() {
    const char* before = getenv("XDG_CACHE_HOME");
    if (before != nullptr) before_ = before;
    setenv("XDG_CACHE_HOME", (home_ / "cache").c_str(), 1);
    WriteFile(dir_ / "t/f", "content");
  }
  ~PushCacheTest() override {
    before_.empty() ? unsetenv("XDG_CACHE_HOME") : setenv("XDG_CACHE_HOME", before_.c_str(), 1);
  }

  PushResult PushTo(const std::string& name, bool cache = true) {
    PushOptions options;
    options.cache = cache;
    options.threads = 2;
    return Push(dir_ / "t", "oci:" + (dir_ / name) + ":x", options);
  }

  // Records a wrong digest for the file as it is.
  void RecordWrongContent() {
    Context context(dir_ / "t");
    Scanned wrong;
    wrong.walked = context.Walk({});
    wrong.walked.listing.mutable_entries()[0].sha256 = Sha("another");
    wrong.totals = wrong.walked.listing.Totals();
    wrong.tree = wrong.walked.listing.TreeDigest();
    CacheDir cache(CacheDir::DefaultFolder());
    ASSERT_TRUE(cache.Write(CacheKind::kStat, context.CacheKey(), [&](const CacheDir::Sink& sink) {
      WriteStatRecord(wrong, INT64_MAX, sink);
    }));
  }

  TempDir dir_;
  TempDir home_;
  std::string before_;
};

TEST_F(PushCacheTest, WithoutACacheNothingIsKept) {
  PushTo("a", false);
  EXPECT_FALSE(std::filesystem::exists(home_ / "cache"));
  PushTo("b", true);
  EXPECT_TRUE(std::filesystem::exists(home_ / "cache/kontext/stat"));
}

TEST_F(PushCacheTest, AWrongRecordIsFoundOutAndReplaced) {
  std::string tree = PushTo("right", false).tree;
  RecordWrongContent();
  EXPECT_EQ(PushTo("a", false).tree, tree) << "the cache is not used";
  EXPECT_EQ(PushTo("b").tree, tree) << "what is packed is not as recorded: all is read again";
  EXPECT_EQ(PushTo("c").tree, tree) << "and recorded anew";
}

}  // namespace
}  // namespace kontext
