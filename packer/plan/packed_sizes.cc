#include "packer/plan/packed_sizes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

namespace kontext {
namespace {

constexpr uint64_t kUnit = 1024;
constexpr uint64_t kMostUnits = uint64_t{1} << 40;

// Contents of class c leave about 1 / 2^c of themselves: from noise to zeros (gzip: 1 / 1000).
constexpr size_t kClasses = 11;

struct Run {
  uint64_t contents = 0;
  PackedContent sum;
};

// By how much a class misjudges a content, beyond the width of a class.
uint64_t Misjudged(const PackedContent& content, size_t of_class) {
  uint64_t judged = content.bytes >> of_class;
  uint64_t least = judged / 10 * 7, most = judged / 10 * 14 + 10;
  if (content.packed > most) return content.packed - most;
  return content.packed < least ? least - content.packed : 0;
}

// Gives each content a class, so that what is misjudged and `switching` for each change of class
// are the least in sum (Viterbi's algorithm).
std::vector<uint8_t> Classify(const std::vector<PackedContent>& contents, uint64_t switching) {
  std::array<uint64_t, kClasses> cost{};
  struct Step {
    uint8_t best = 0;       // the class that was best before this content
    uint16_t switched = 0;  // a bit for each class that is best come to from that one
  };
  std::vector<Step> steps(contents.size());
  auto best = [&] { return std::min_element(cost.begin(), cost.end()) - cost.begin(); };
  for (size_t i = 0; i < contents.size(); ++i) {
    steps[i].best = static_cast<uint8_t>(best());
    uint64_t other = cost[steps[i].best] + switching;
    for (size_t c = 0; c < kClasses; ++c) {
      if (other < cost[c]) steps[i].switched = static_cast<uint16_t>(steps[i].switched | 1 << c);
      cost[c] = std::min(cost[c], other) + Misjudged(contents[i], c);
    }
  }
  std::vector<uint8_t> classes(contents.size());
  size_t now = static_cast<size_t>(best());
  for (size_t i = contents.size(); i-- > 0;) {
    classes[i] = static_cast<uint8_t>(now);
    if ((steps[i].switched >> now & 1) != 0) now = steps[i].best;
  }
  return classes;
}

std::vector<Run> RunsOf(const std::vector<PackedContent>& contents, uint64_t switching) {
  std::vector<uint8_t> classes = Classify(contents, switching);
  std::vector<Run> runs;
  for (size_t i = 0; i < contents.size(); ++i) {
    if (i == 0 || classes[i] != classes[i - 1]) runs.emplace_back();
    ++runs.back().contents;
    runs.back().sum.bytes += contents[i].bytes;
    runs.back().sum.packed += contents[i].packed;
  }
  return runs;
}

// Takes a number and, unless the text ends there, the character after it.
bool TakeNumber(std::string_view* text, char after, uint64_t* number) {
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (error != std::errc()) return false;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  if (text->empty()) return after == ',';
  if (text->front() != after) return false;
  text->remove_prefix(1);
  return !text->empty();
}

struct HintedRun {
  uint64_t contents;
  uint64_t units;
};

// False: it is no hint for so many contents.
bool ReadRuns(std::string_view hint, uint64_t contents, std::vector<HintedRun>* runs) {
  while (!hint.empty()) {
    HintedRun run = {};
    if (!TakeNumber(&hint, ':', &run.contents) || !TakeNumber(&hint, ',', &run.units)) return false;
    if (run.contents == 0 || run.contents > contents || run.units > kMostUnits) return false;
    contents -= run.contents;
    runs->push_back(run);
  }
  return !runs->empty() && contents == 0;
}

}  // namespace

std::string WritePackedSizes(const std::vector<PackedContent>& contents) {
  uint64_t packed = 0;
  for (const PackedContent& content : contents) packed += content.packed;
  uint64_t switching = std::max(kRunWorth, packed / 1024);
  std::vector<Run> runs = RunsOf(contents, switching);
  while (runs.size() > kMostRuns) runs = RunsOf(contents, switching *= 2);
  std::string text;
  if (runs.size() < 2) return text;
  for (const Run& run : runs) {
    if (!text.empty()) text += ',';
    text.append(std::to_string(run.contents)).append(":");
    text.append(std::to_string((run.sum.packed + kUnit / 2) / kUnit));
  }
  return text;
}

bool ReadPackedSizes(std::string_view hint, std::vector<PackedContent>* contents) {
  std::vector<HintedRun> runs;
  if (!ReadRuns(hint, contents->size(), &runs)) return false;
  auto content = contents->begin();
  for (const HintedRun& run : runs) {
    auto end = content + static_cast<ptrdiff_t>(run.contents);
    double bytes = 0;
    for (auto i = content; i != end; ++i) bytes += static_cast<double>(i->bytes);
    double rate = bytes > 0 ? static_cast<double>(run.units * kUnit) / bytes : 0;
    for (; content != end; ++content) {
      content->packed = static_cast<uint64_t>(static_cast<double>(content->bytes) * rate);
    }
  }
  return true;
}

}  // namespace kontext
