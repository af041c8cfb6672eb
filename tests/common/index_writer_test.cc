#include "common/index_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/index_text.h"

namespace kontext {
namespace {

const std::string kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(IndexWriterTest, GoldenLines) {
  IndexEntry script = FileEntry("bin/run", "abc");
  script.mode = 0755;
  const struct {
    const char* name;
    IndexEntry entry;
    std::string line;
  } kCases[] = {
      {"file", FileEntry("a/b", "abc"),
       R"({"type":"file","path":"a/b","mode":"0644","size":3,"sha256":")" + kAbc + "\"}\n"},
      {"mode", script,
       R"({"type":"file","path":"bin/run","mode":"0755","size":3,"sha256":")" + kAbc + "\"}\n"},
      {"at a path", FileEntry("a", "abc", "x/y"),
       R"({"type":"file","path":"a","mode":"0644","size":3,"sha256":")" + kAbc +
           "\",\"at\":\"x/y\"}\n"},
      {"dir", DirEntry("d", 0700), "{\"type\":\"dir\",\"path\":\"d\",\"mode\":\"0700\"}\n"},
      {"no mode bits", DirEntry("d", 0), "{\"type\":\"dir\",\"path\":\"d\",\"mode\":\"0000\"}\n"},
      {"symlink", LinkEntry("l", "../x"),
       "{\"type\":\"symlink\",\"path\":\"l\",\"target\":\"../x\"}\n"},
      {"removed", RemovedEntry("r"), "{\"type\":\"removed\",\"path\":\"r\"}\n"},
      {"not whited out", RemovedEntry("r", false),
       "{\"type\":\"removed\",\"path\":\"r\",\"whiteout\":false}\n"},
      {"object", ObjectEntry("abc"),
       "{\"type\":\"object\",\"sha256\":\"" + kAbc + "\",\"size\":3}\n"},
      {"path64", DirEntry("\xff", 0755),
       "{\"type\":\"dir\",\"path64\":\"/w==\",\"mode\":\"0755\"}\n"},
      {"target64", LinkEntry("l", "a\xc0\xaf"),
       "{\"type\":\"symlink\",\"path\":\"l\",\"target64\":\"YcCv\"}\n"},
      {"escapes", DirEntry("q\"b\\s/\n\t\x01\x1f\x7f", 0755),
       R"({"type":"dir","path":"q\"b\\s/\u000a\u0009\u0001\u001f)"
       "\x7f\",\"mode\":\"0755\"}\n"},
      {"UTF-8 as it is", DirEntry("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 0755),
       "{\"type\":\"dir\",\"path\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",\"mode\":\"0755\"}\n"},
  };
  for (const auto& test : kCases) EXPECT_EQ(LineOf(test.entry), test.line) << test.name;
}

TEST(IndexWriterTest, LargestSize) {
  IndexEntry entry = ObjectEntry("abc");
  entry.size = UINT64_MAX;
  EXPECT_NE(LineOf(entry).find("\"size\":18446744073709551615}"), std::string::npos);
}

TEST(IndexWriterTest, AListingLineHasNoAt) {
  EXPECT_EQ(ListingLineOf(FileEntry("a", "abc", "x/y")), LineOf(FileEntry("a", "abc")));
  EXPECT_EQ(ListingLineOf(LinkEntry("a", "b")), LineOf(LinkEntry("a", "b")));
}

TEST(IsUtf8Test, Table) {
  for (const char* good :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xe2\x82", "\xe2\x82\x41", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xf0\x90\x80", "\xff", "\xfe", "a\xff"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

}  // namespace
}  // namespace kontext
