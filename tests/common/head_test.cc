#include "common/head.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/index_text.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

std::string TextOf(const Head& head) {
  std::string text;
  WriteHead(head, AppendTo(&text));
  return text;
}

const char* Parse(std::string text, Head* head) {
  size_t size = text.size();
  text.push_back('\0');
  return ParseHead(text.data(), size, head);
}

Head SomeHead(size_t segments) {
  Head head;
  head.tree = Sha("tree");
  head.files = 81022;
  head.dirs = 5013;
  head.symlinks = 57;
  head.bytes = 1363148800;
  head.segment_count = segments;
  for (size_t i = 0; i < segments; ++i) head.segments[i] = Sha(std::to_string(i));
  return head;
}

std::string Quoted(const char* content) { return "\"sha256:" + HexOf(Sha(content)) + '"'; }

TEST(HeadTest, GoldenText) {
  EXPECT_EQ(TextOf(SomeHead(2)),
            "{\"version\":1,\"tree\":" + Quoted("tree") +
                ",\"files\":81022,\"dirs\":5013,\"symlinks\":57,\"bytes\":1363148800,"
                "\"segments\":[" +
                Quoted("0") + "," + Quoted("1") + "]}\n");
}

TEST(HeadTest, RoundTrip) {
  Random random;
  for (size_t segments = 1; segments <= kMaxSegments; ++segments) {
    Head head = SomeHead(segments);
    head.files = random.Bits();
    head.bytes = random.Bits();
    Head back;
    ASSERT_EQ(Parse(TextOf(head), &back), nullptr);
    EXPECT_EQ(back.files, head.files);
    EXPECT_EQ(back.segment_count, segments);
    EXPECT_EQ(TextOf(back), TextOf(head));
  }
}

TEST(HeadTest, TheLongestHeadFits) {
  Head head = SomeHead(kMaxSegments);
  head.version = head.files = head.dirs = head.symlinks = head.bytes = UINT64_MAX;
  EXPECT_LE(TextOf(head).size(), kMaxHead);
}

TEST(HeadTest, EveryChangedByteIsRefusedOrSeen) {
  const std::string text = TextOf(SomeHead(3));
  for (size_t i = 0; i < text.size(); ++i) {
    for (int change = 1; change < 256; ++change) {
      std::string flipped = text;
      flipped[i] = static_cast<char>(flipped[i] ^ change);
      Head head;
      if (Parse(flipped, &head) != nullptr || TextOf(head) != text) continue;
      // White space may stand for the newline that ends it.
      EXPECT_EQ(i, text.size() - 1) << "byte " << i << " as " << int{flipped[i]};
    }
  }
}

TEST(HeadTest, EveryCutIsRefused) {
  const std::string text = TextOf(SomeHead(2));
  for (size_t size = 0; size + 1 < text.size(); ++size) {
    Head head;
    EXPECT_NE(Parse(text.substr(0, size), &head), nullptr) << size;
  }
}

TEST(HeadTest, BadHeadsAreRefused) {
  const std::string good = TextOf(SomeHead(1));
  auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const std::string bad[] = {
      "",
      "{}",
      "[]",
      "null",
      good + "x",
      good + good,
      with("\"dirs\":5013,", ""),
      with("\"dirs\":5013,", "\"dirs\":-1,"),
      with("\"dirs\":5013,", "\"dirs\":\"5013\","),
      with("\"dirs\":5013,", "\"dirs\":5013.0,"),
      with("\"dirs\":5013,", "\"dirs\":5013,\"dirs\":5013,"),
      with("\"dirs\":5013,", "\"dirs\":18446744073709551616,"),
      with("\"dirs\":", "\"else\":1,\"dirs\":"),
      with("\"dirs\":", "\"else\":false,\"dirs\":"),
      with("\"dirs\":", "\"else\":[\"a\"],\"dirs\":"),
      with("\"tree\":", "\"tree\":" + Quoted("a") + ",\"tree\":"),
      with("\"tree\":" + Quoted("tree"), "\"tree\":\"sha256:\""),
      with("[" + Quoted("0") + "]", Quoted("0")),
      with("\"segments\":", "\"segments\":[" + Quoted("a") + "],\"segments\":"),
      with("\"segments\":", "\"segments\":[],\"segments\":"),
      with("[" + Quoted("0") + "]", "[]"),
      with("[" + Quoted("0") + "]", "[1]"),
      with("[" + Quoted("0") + "]", "[[" + Quoted("0") + "]]"),
      with("[" + Quoted("0") + "]", "[null]"),
      with("{\"version\"", std::string("{\0\"version\"", 11)),
      good + std::string(kMaxHead, ' ')};
  for (const std::string& text : bad) {
    Head head;
    EXPECT_NE(Parse(text, &head), nullptr) << text.substr(0, 300);
  }
}

TEST(HeadTest, MoreSegmentsThanAReaderTakes) {
  std::string text = TextOf(SomeHead(kMaxSegments));
  text.insert(text.find(']'), "," + Quoted("one more"));
  Head head;
  EXPECT_NE(Parse(text, &head), nullptr);
}

}  // namespace
}  // namespace kontext
