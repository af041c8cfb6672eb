#include "packer/pack/packed_spans.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/random.h"

namespace kontext {
namespace {

double GaugeOf(std::string_view bytes, size_t piece) {
  Gauge gauge;
  for (size_t i = 0; i < bytes.size(); i += piece) gauge.Add(bytes.substr(i, piece));
  return gauge.Take();
}

TEST(PackedSpansTest, Gauge) {
  Random random;
  const std::string noise = random.Bytes(100000), letters = random.Text(100000, "abcdefghijklmnop");
  EXPECT_EQ(GaugeOf(std::string(100000, '\0'), 100000), 0);
  EXPECT_NEAR(GaugeOf(noise, 100000), 1, 0.1);
  EXPECT_NEAR(GaugeOf(letters, 100000), 0.24, 0.02);
  EXPECT_EQ(GaugeOf(noise, 777), GaugeOf(noise, 100000));
  EXPECT_EQ(GaugeOf("", 1), 1);
  EXPECT_EQ(GaugeOf("x", 1), 1);
  EXPECT_EQ(GaugeOf("xx", 1), 0);
}

TEST(PackedSpansTest, TakeBeginsAnew) {
  Gauge gauge;
  gauge.Add(std::string(300, 'a'));
  gauge.Take();
  gauge.Add("abcdefgh");
  EXPECT_EQ(gauge.Take(), 1);
}

std::vector<uint64_t> Divided(const std::vector<ContentSpan>& spans,
                              const std::vector<BlockEnd>& blocks) {
  std::vector<uint64_t> packed;
  for (const PackedContent& content : DividePacked(spans, blocks)) packed.push_back(content.packed);
  return packed;
}

TEST(PackedSpansTest, Table) {
  using Sizes = std::vector<uint64_t>;
  const std::vector<BlockEnd> blocks = {{1000, 100}, {2000, 600}, {2500, 610}};
  const struct {
    const char* name;
    std::vector<ContentSpan> spans;
    Sizes packed;
  } kCases[] = {
      {"none", {}, {}},
      {"a block each", {{1, 0, 1000, 1}, {1, 1000, 2000, 1}, {1, 2000, 2500, 1}}, {100, 500, 10}},
      {"all", {{1, 0, 2500, 1}}, {610}},
      {"what is in no span goes to the others", {{1, 100, 700, 1}}, {100}},
      {"by bytes", {{1, 1000, 1250, 0.5}, {1, 1250, 2000, 0.5}}, {125, 375}},
      {"by gauge", {{1, 1000, 1500, 0.25}, {1, 1500, 2000, 1}}, {100, 400}},
      {"across blocks", {{1, 0, 1500, 1}, {1, 1500, 2500, 1}}, {350, 260}},
      {"ends with the block, next begins later", {{1, 0, 1000, 1}, {1, 2100, 2200, 1}}, {100, 10}},
      {"beyond the last block", {{1, 0, 2500, 1}, {1, 2500, 2600, 1}}, {610, 0}},
  };
  for (const auto& test : kCases) EXPECT_EQ(Divided(test.spans, blocks), test.packed) << test.name;
}

}  // namespace
}  // namespace kontext
