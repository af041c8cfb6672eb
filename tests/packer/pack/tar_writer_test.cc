#include "packer/pack/tar_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/tar_reader.h"

namespace kontext {
namespace {

struct StringWriter : ByteWriter {
  void Write(std::string_view bytes) override { text.append(bytes); }
  std::string text;
};

constexpr uint64_t kTime = 315532800;

// What an archive with one file and one link holds.
std::vector<TarEntry> RoundTrip(const std::string& path, const std::string& target,
                                const std::string& data) {
  StringWriter out;
  TarWriter tar(&out, kTime);
  tar.AddFile(path, 0640, data);
  tar.AddSymlink(path, target);
  tar.AddDir(path, 0751);
  tar.Finish();
  EXPECT_EQ(out.text.size() % 512, 0u);
  return TarReader(out.text).All();
}

TEST(TarWriterTest, RoundTrip) {
  const struct {
    const char* name;
    std::string path;
    std::string target;
    bool pax;  // of the file
  } kCases[] = {
      {"short", "a/b", "../c", false},
      {"100 bytes", std::string(100, 'p'), std::string(100, 't'), false},
      {"101 bytes", std::string(101, 'p'), std::string(101, 't'), true},
      {"long", std::string(3000, 'p'), std::string(4095, 't'), true},
      {"not ASCII", "\xc3\xa9", "\xc3\xa9", true},
      {"newline", "a\nb", "c\n", false},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    std::vector<TarEntry> entries = RoundTrip(test.path, test.target, "data");
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_EQ(entries[0].type, '0');
    EXPECT_EQ(entries[0].path, test.path);
    EXPECT_EQ(entries[0].data, "data");
    EXPECT_EQ(entries[0].mode, 0640u);
    EXPECT_EQ(entries[0].pax, test.pax);
    EXPECT_EQ(entries[1].type, '2');
    EXPECT_EQ(entries[1].target, test.target);
    EXPECT_EQ(entries[2].type, '5');
    EXPECT_EQ(entries[2].path, test.path + "/");
    for (const TarEntry& entry : entries) {
      EXPECT_EQ(entry.uid + entry.gid, 0u);
      EXPECT_EQ(entry.owner, "");
      EXPECT_EQ(entry.mtime, kTime);
    }
  }
}

// A PAX record counts its own length: each number of digits and each step between them.
TEST(TarWriterTest, EveryLengthOfName) {
  for (size_t size = 90; size < 1100; ++size) {
    std::string path(size, 'p');
    std::vector<TarEntry> entries = RoundTrip(path, "t", "");
    ASSERT_EQ(entries[0].path, path);
    ASSERT_EQ(entries[2].path, path + "/");
  }
}

TEST(TarWriterTest, DataIsPadded) {
  for (size_t size : {0, 1, 511, 512, 513, 1024, 5000}) {
    EXPECT_EQ(RoundTrip("a", "t", std::string(size, 'x'))[0].data.size(), size);
  }
}

TEST(TarWriterTest, SizesAround8GiB) {
  constexpr uint64_t kLimit = uint64_t{8} << 30;
  for (uint64_t size : {kLimit - 1, kLimit, kLimit + 1, uint64_t{1} << 50}) {
    StringWriter out;
    TarWriter tar(&out, kTime);
    tar.BeginFile("a", 0644, size);
    std::vector<TarEntry> entries = TarReader(out.text, true).All();
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0].size, size);
    EXPECT_EQ(entries[0].pax, size >= kLimit);
  }
}

}  // namespace
}  // namespace kontext
