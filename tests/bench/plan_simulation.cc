// Simulates many pushes with the real planner and prints what they would cost: layers, stored and
// uploaded bytes, for several limits of small segments. Run by ./dev bench.
//
//   plan_simulation [PUSHES [FILES]]         KONTEXT_TEST_SEED gives the seed that it prints
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <unordered_set>

#include "packer/plan/plan.h"
#include "tests/bench/simulated_tree.h"
#include "tests/support/segments.h"

namespace kontext {
namespace {

// Kernel source: gzip leaves 22 % of content; a line of an index becomes some 40 bytes; what a
// layer has beside its content and a push beside its layers.
constexpr double kRate = 0.22;
constexpr uint64_t kLine = 40;
constexpr uint64_t kLayer = 600;

struct Stored {
  SegmentLines lines;
  uint64_t bytes;
};

uint64_t Weigh(const Segment& segment) {
  return static_cast<uint64_t>(kRate * static_cast<double>(segment.stored_bytes)) +
         kLine * segment.lines.size() + kLayer;
}

// Bytes of an image that was made from nothing.
uint64_t LiveBytes(const Listing& listing) {
  return Weigh(ComputeDelta(Merged({}), listing, false).segment);
}

// What is new in `next`, by content; a line for each path that says something else.
uint64_t ChangeBytes(const SimulatedTree& old, const SimulatedTree& next) {
  std::unordered_set<uint64_t> contents;
  for (const auto& [path, file] : old) contents.insert(file.content);
  uint64_t content = 0, lines = 0;
  for (const auto& [path, file] : next) {
    auto before = old.find(path);
    lines += before == old.end() || before->second.content != file.content;
    if (contents.insert(file.content).second) content += file.size;
  }
  for (const auto& [path, file] : old) lines += next.count(path) == 0;
  return static_cast<uint64_t>(kRate * static_cast<double>(content)) + kLine * lines + kLayer;
}

struct Figures {
  std::vector<size_t> layers;
  uint64_t uploaded = 0, changed = 0, largest_excess = 0;
  double worst_stored = 0;  // (stored - 4 MiB) / live
};

class Image {
 public:
  explicit Image(size_t small_segments) { options_.limits.small_segments = small_segments; }

  // Uploaded bytes.
  uint64_t Push(const Listing& listing) {
    std::vector<OldSegment> old;
    for (const Stored& segment : segments_) old.push_back({&segment.lines, {segment.bytes}});
    Plan plan = MakePlan(old, listing, options_);
    size_t i = 0;
    std::erase_if(segments_, [&](const Stored&) { return !plan.kept[i++]; });
    uint64_t uploaded = 0;
    for (const Segment& part : plan.parts) {
      segments_.push_back({SegmentLines::Read(IndexOf(part)), Weigh(part)});
      uploaded += segments_.back().bytes;
    }
    return uploaded;
  }

  size_t layers() const { return 1 + segments_.size(); }
  uint64_t stored() const {
    uint64_t bytes = 0;
    for (const Stored& segment : segments_) bytes += segment.bytes;
    return bytes;
  }

 private:
  PlanOptions options_;
  std::list<Stored> segments_;
};

void Print(size_t small_segments, Figures* figures) {
  std::sort(figures->layers.begin(), figures->layers.end());
  auto part = [&](size_t percent) {
    return figures->layers[(figures->layers.size() - 1) * percent / 100];
  };
  std::printf("%14zu %8zu %5zu %5zu %12.2f %18.2f %17.1f MB\n", small_segments, part(50), part(95),
              part(100),
              static_cast<double>(figures->uploaded) / static_cast<double>(figures->changed),
              figures->worst_stored, static_cast<double>(figures->largest_excess) / 1e6);
}

void Simulate(size_t pushes, size_t files, bool only_edits) {
  std::printf("\n%zu pushes%s, %zu files at first, seed %llu\n", pushes,
              only_edits ? " of edits alone" : "", files,
              static_cast<unsigned long long>(TestSeed()));
  const size_t limits[] = {2, 4, 6, 8, 10, 12, 16, 24, 40};
  std::vector<Image> images(std::begin(limits), std::end(limits));
  std::vector<Figures> figures(images.size());
  std::map<std::string, size_t> acts;
  Random random;
  SimulatedTeam team(&random, files);
  for (Image& image : images) image.Push(ListingOf(team.tree()));
  for (size_t push = 0; push < pushes; ++push) {
    SimulatedTree before = team.tree();
    ++acts[team.Act(only_edits)];
    Listing listing = ListingOf(team.tree());
    uint64_t change = ChangeBytes(before, team.tree());
    uint64_t live = LiveBytes(listing);
    for (size_t i = 0; i < images.size(); ++i) {
      uint64_t uploaded = images[i].Push(listing);
      Figures& of = figures[i];
      of.uploaded += uploaded;
      of.changed += change;
      of.layers.push_back(images[i].layers());
      of.largest_excess = std::max(of.largest_excess, uploaded - std::min(uploaded, 2 * change));
      double stored = static_cast<double>(images[i].stored()) - (4 << 20);
      of.worst_stored = std::max(of.worst_stored, stored / static_cast<double>(live));
    }
  }
  for (const auto& [act, count] : acts) std::printf("  %s: %zu\n", act.c_str(), count);
  std::printf("%14s %8s %5s %5s %12s %18s %20s\n", "small segments", "layers", "95%", "max",
              "sent/change", "(stored-4MiB)/live", "largest beyond 2x");
  for (size_t i = 0; i < images.size(); ++i) Print(limits[i], &figures[i]);
}

}  // namespace
}  // namespace kontext

int main(int argc, char** argv) {
  size_t pushes = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000;
  size_t files = std::max(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 20000, 1ul);
  for (bool only_edits : {false, true}) kontext::Simulate(pushes, files, only_edits);
}
