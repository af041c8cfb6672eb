#include <fmt/format.h>

#include <algorithm>

#include "packer/cli/command.h"

namespace kontext::cli {
namespace po = boost::program_options;

namespace {

constexpr size_t kBar = 24;

std::string Bar(uint64_t part, uint64_t largest) {
  size_t length = largest == 0 ? 0 : (part * kBar + largest - 1) / largest;
  return std::string(length, '#');
}

// Fits 80 columns.
void PrintReport(const ImageReport& report) {
  Print(fmt::format("{}\ntree {}\n", report.reference, report.tree));
  Print(fmt::format("{} files, {} directories, {} symlinks, {}\n\n", report.files, report.dirs,
                    report.symlinks, HumanBytes(report.bytes)));
  uint64_t largest = 0;
  for (const SegmentReport& segment : report.segments) {
    largest = std::max(largest, segment.layer_bytes);
  }
  Print(fmt::format("{:>3}  {:<12}  {:>9}  {:>9}  {:>9}\n", "#", "segment", "layer", "content",
                    "entries"));
  for (size_t i = 0; i < report.segments.size(); ++i) {
    const SegmentReport& segment = report.segments[i];
    Print(fmt::format("{:>3}  {:<12}  {:>9}  {:>9}  {:>9}  {}\n", i + 1,
                      segment.digest.substr(7, 12), HumanBytes(segment.layer_bytes),
                      HumanBytes(segment.bytes), segment.entries,
                      Bar(segment.layer_bytes, largest)));
  }
}

}  // namespace

int RunInspect(const Command& command, const std::vector<std::string>& arguments) {
  po::variables_map values;
  if (!Parse(command, arguments, {}, {"REF"}, &values)) return 0;
  PrintReport(Inspect(Required(command, values, "REF"), CommonOptions(values)));
  return 0;
}

}  // namespace kontext::cli
