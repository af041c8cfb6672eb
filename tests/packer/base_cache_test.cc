#include "packer/base_cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

std::string BytesOf(const Layer& layer) {
  std::string bytes(layer.descriptor.size + 1, '\0');
  ssize_t n = pread(layer.file.get(), bytes.data(), bytes.size(), 0);
  bytes.resize(n < 0 ? 0 : static_cast<size_t>(n));
  return bytes;
}

void ExpectSame(const std::vector<Layer>& some, const std::vector<Layer>& others) {
  ASSERT_EQ(some.size(), others.size());
  for (size_t i = 0; i < some.size(); ++i) {
    EXPECT_EQ(some[i].descriptor.media_type, others[i].descriptor.media_type);
    EXPECT_EQ(some[i].descriptor.digest, others[i].descriptor.digest);
    EXPECT_EQ(some[i].descriptor.size, others[i].descriptor.size);
    EXPECT_EQ(some[i].diff_id, others[i].diff_id);
    EXPECT_EQ(BytesOf(some[i]), BytesOf(others[i]));
  }
}

std::vector<std::filesystem::path> FilesBelow(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
    if (item.is_regular_file() && item.file_size() > 1000) files.push_back(item.path());
  }
  return files;
}

TEST(BaseCacheTest, WhatIsKeptIsWhatIsBuilt) {
  TempDir dir;
  CacheDir cache(dir / "cache");
  for (uint64_t mtime : {0, 1234567890}) {
    std::vector<Layer> built = BaseLayers(KnownPlatforms(), mtime, nullptr);
    ExpectSame(BaseLayers(KnownPlatforms(), mtime, &cache), built);
    ExpectSame(BaseLayers(KnownPlatforms(), mtime, &cache), built);
  }
  EXPECT_EQ(FilesBelow(dir / "cache").size(), 4u);
}

TEST(BaseCacheTest, WhatIsDamagedIsBuiltAnew) {
  TempDir dir;
  CacheDir cache(dir / "cache");
  std::vector<Layer> built = BaseLayers(KnownPlatforms(), 0, &cache);
  for (const std::filesystem::path& file : FilesBelow(dir / "cache")) {
    std::fstream(file, std::ios::in | std::ios::out).seekp(20).put('?');
  }
  ExpectSame(BaseLayers(KnownPlatforms(), 0, &cache), built);
  for (const std::filesystem::path& file : FilesBelow(dir / "cache")) {
    std::filesystem::resize_file(file, 30);
  }
  ExpectSame(BaseLayers(KnownPlatforms(), 0, &cache), built);
}

}  // namespace
}  // namespace kontext
