#include <gtest/gtest.h>

#include <string>

#include "common/index_reader.h"
#include "common/path.h"
#include "tests/support/index_text.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

const std::string kHex(64, '0');

// Null, or what is wrong. `line` keeps the text that the entry points to.
const char* Parse(std::string* line, IndexEntry* entry) {
  size_t size = line->size();
  line->push_back('\0');
  return ParseIndexLine(line->data(), size, entry);
}

std::string Rewrite(std::string line) {
  IndexEntry entry;
  const char* problem = Parse(&line, &entry);
  return problem != nullptr ? problem : LineOf(entry);
}

std::string RandomPath(Random* random) {
  std::string path;
  for (size_t names = 1 + random->Below(4); names > 0; --names) {
    size_t length = 1 + random->Below(12);
    std::string name =
        random->Percent(50) ? random->Bytes(length) : random->Text(length, "ab\"\\\n\xc3\xa9 {}:,");
    for (char& c : name) c = c == '\0' || c == '/' ? 'x' : c;
    path += path.empty() ? name : '/' + name;
  }
  return PathProblem(path) == nullptr ? path : "x";
}

TEST(IndexLineTest, RoundTripOfRandomNames) {
  Random random;
  for (int i = 0; i < 5000; ++i) {
    std::string path = RandomPath(&random);
    std::string target = RandomPath(&random);
    const IndexEntry entries[] = {FileEntry(path, target), FileEntry(path, target, "some/where"),
                                  DirEntry(path, 0511),    LinkEntry(path, target),
                                  RemovedEntry(path),      RemovedEntry(path, false),
                                  ObjectEntry(path)};
    for (const IndexEntry& entry : entries) {
      std::string line = LineOf(entry);
      ASSERT_EQ(Rewrite(line.substr(0, line.size() - 1)), line);
    }
  }
}

TEST(IndexLineTest, Fields) {
  std::string line =
      R"({"type":"file","path":"a","mode":"0640","size":7,"sha256":")" + kHex + R"(","at":"b/c"})";
  IndexEntry entry;
  ASSERT_EQ(Parse(&line, &entry), nullptr);
  EXPECT_EQ(entry.type, EntryType::kFile);
  EXPECT_EQ(entry.path, "a");
  EXPECT_EQ(entry.mode, 0640u);
  EXPECT_EQ(entry.size, 7u);
  EXPECT_EQ(entry.at, "b/c");
  EXPECT_TRUE(entry.target.empty());
  EXPECT_TRUE(entry.whiteout);
}

TEST(IndexLineTest, OtherSpellingsAreTaken) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({"path":"a","type":"removed"})", R"({"type":"removed","path":"a"})"},
      {R"( { "type" : "removed" , "path" : "a" } )", R"({"type":"removed","path":"a"})"},
      {R"({"type":"removed","path":"\u0061\/b"})", R"({"type":"removed","path":"a/b"})"},
  };
  for (const auto& [line, canonical] : kCases) {
    EXPECT_EQ(Rewrite(line), std::string(canonical) + "\n") << line;
  }
}

std::string File(const std::string& rest) {
  return R"({"type":"file","path":"a","mode":"0644","size":1,"sha256":")" + kHex + "\"" + rest;
}

TEST(IndexLineTest, BadLinesAreRefused) {
  const std::string long_name(256, 'x');
  const std::string bad[] = {
      "",
      " ",
      "{}",
      "[]",
      "null",
      "\"a\"",
      "{",
      R"({"type":"removed","path":"a")",
      R"({"type":"removed","path":"a"}})",
      R"({"type":"removed","path":"a"} x)",
      R"({"type":"removed","path":"a"}{"type":"removed","path":"b"})",
      R"({"type":"removed"})",
      R"({"path":"a"})",
      R"({"type":"else","path":"a"})",
      R"({"type":"removed","path":"a","path":"a"})",
      R"({"type":"removed","path":"a","path64":"YQ=="})",
      R"({"type":"removed","path":"a","type":"removed"})",
      R"({"type":"removed","path":"a","x":"b"})",
      R"({"type":"removed","path":"a","whiteout":true})",
      R"({"type":"removed","path":"a","whiteout":0})",
      R"({"type":"removed","path":"a","whiteout":false,"whiteout":false})",
      R"({"type":"removed","path":"a","mode":"0644"})",
      R"({"type":"removed","path":null})",
      R"({"type":"removed","path":["a"]})",
      R"({"type":"removed","path":"a","x":[]})",
      R"({"type":"removed","path":{"a":"b"}})",
      R"({"type":"removed","path":1})",
      R"({"type":"removed","path":""})",
      R"({"type":"removed","path":"/a"})",
      R"({"type":"removed","path":"a/../b"})",
      R"({"type":"removed","path":"a//b"})",
      R"({"type":"removed","path":"."})",
      R"({"type":"removed","path":"a\u0000b"})",
      R"({"type":"removed","path64":"YQBi"})",
      R"({"type":"removed","path":")" + long_name + "\"}",
      R"({"type":"removed","path64":"YR=="})",
      R"({"type":"removed","path64":"YQ="})",
      "{\"type\":\"removed\",\"path\":\"\xff\"}",
      R"({"type":"removed","path":"\ud800"})",
      R"({"type":"removed","path":"\udc00"})",
      std::string("{\"type\":\"removed\",\"path\":\"a\0\"}", 30),
      R"({"type":"dir","path":"a"})",
      R"({"type":"dir","path":"a","mode":"644"})",
      R"({"type":"dir","path":"a","mode":"1755"})",
      R"({"type":"dir","path":"a","mode":"0788"})",
      R"({"type":"dir","path":"a","mode":493})",
      R"({"type":"dir","path":"a","mode":"0755","size":1})",
      R"({"type":"dir","path":"a","mode":"0755","whiteout":false})",
      R"({"type":"symlink","path":"a"})",
      R"({"type":"symlink","path":"a","target":""})",
      R"({"type":"symlink","path":"a","target":"b","mode":"0777"})",
      R"({"type":"symlink","path":"a","target":"b\u0000"})",
      R"({"type":"symlink","path":"a","target":")" + std::string(4096, 't') + "\"}",
      R"({"type":"symlink","path":"a","target":"b","target64":"Yg=="})",
      File(",\"at\":\"\"}"),
      File(",\"at\":\"/etc/passwd\"}"),
      File(",\"at\":\"../a\"}"),
      File(",\"at\":\"\\udc00\"}"),
      File(",\"at\":\"/var/lib/kontext/objects/\"}"),
      File(",\"target\":\"b\"}"),
      File(",\"at\":\"/var/lib/kontext/objects/x\"}"),
      File(",\"size\":2}"),
      File(",\"at\":\"/var/lib/kontext/objects" + kHex + "\"}"),
      File(",\"at\":false}"),
      File(",\"at\":\"/var/lib/kontext/objects/" + kHex + "/x\"}"),
      R"({"type":"object","size":1})",
      R"({"type":"object","sha256":")" + kHex + "\"}",
      R"({"type":"object","path":"a","size":1,"sha256":")" + kHex + "\"}",
      R"({"type":"object","size":-1,"sha256":")" + kHex + "\"}",
      R"({"type":"object","size":1.5,"sha256":")" + kHex + "\"}",
      R"({"type":"object","size":1e3,"sha256":")" + kHex + "\"}",
      R"({"type":"object","size":01,"sha256":")" + kHex + "\"}",
      R"({"type":"object","size":"1","sha256":")" + kHex + "\"}",
      R"({"type":"object","size":18446744073709551616,"sha256":")" + kHex + "\"}",
      R"({"type":"object","size":1,"sha256":"sha256:)" + kHex + "\"}",
      R"({"type":"object","size":1,"sha256":")" + std::string(64, 'A') + "\"}"};
  for (std::string line : bad) {
    SCOPED_TRACE(line.substr(0, 120));
    IndexEntry entry;
    EXPECT_NE(Parse(&line, &entry), nullptr);
  }
}

}  // namespace
}  // namespace kontext
