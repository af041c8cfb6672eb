#include "packer/plan/planner.h"

#include <algorithm>

namespace kontext {
namespace {

// Garbage below this is not worth writing anything again. What is stored may be 2 x live + 4 MiB
// (design 3.4): an eighth of the live bytes and one of the MiB are for estimates that are off.
constexpr uint64_t kTolerated = 3 << 20;

uint64_t Allowed(uint64_t live) { return 2 * live - live / 8; }

// With 1, segments of like sizes are merged in small groups, again and again; with 2, a run of them
// goes at once and leaves room for as many pushes (1,000 edits, plan_simulation: 8.8 and 2.8 bytes
// sent for each changed one).
constexpr uint64_t kPatience = 2;

class Chooser {
 public:
  Chooser(std::span<const SegmentStats> old, const PlanChange& change, const PlanLimits& limits)
      : old_(old),
        limits_(limits),
        kept_(old.size(), true),
        writes_(change.bytes),
        added_(change.segments) {}

  std::vector<bool> Run() {
    DropWhatOnlyHides();
    if (2 * Live() < writes_ && writes_ > kTolerated) kept_.assign(kept_.size(), false);
    DropGarbage();
    FreeLayers();
    return std::move(kept_);
  }

 private:
  uint64_t Live() const {
    uint64_t live = 0;
    for (size_t i = 0; i < old_.size(); ++i) live += kept_[i] ? old_[i].live : 0;
    return live;
  }

  uint64_t Stored() const {
    uint64_t stored = 0;
    for (size_t i = 0; i < old_.size(); ++i) stored += kept_[i] ? old_[i].stored : 0;
    return stored;
  }

  void Drop(size_t i) {
    kept_[i] = false;
    writes_ += old_[i].live;
  }

  void DropWhatOnlyHides() {
    for (size_t i = 0; i < old_.size(); ++i) {
      // A quarter: what is live is an estimate, and the layer is compressed already.
      bool dear = old_[i].copied && old_[i].stored > old_[i].live + old_[i].live / 4;
      if (old_[i].live > old_[i].hides && !dear) continue;
      Drop(i);
      writes_ -= std::min(writes_, old_[i].hides);
    }
  }

  // Is a's garbage cheaper to be rid of than b's?
  static bool IsWorse(const SegmentStats& a, const SegmentStats& b) {
    double dead_a = static_cast<double>(a.stored - std::min(a.live, a.stored));
    double dead_b = static_cast<double>(b.stored - std::min(b.live, b.stored));
    return dead_a * static_cast<double>(b.live + 1) > dead_b * static_cast<double>(a.live + 1);
  }

  void DropGarbage() {
    // Without the change: how well that compresses is not known yet.
    const uint64_t change = writes_;
    while (Stored() > Allowed(Live()) + (writes_ - change) + kTolerated) {
      size_t worst = old_.size();
      for (size_t i = 0; i < old_.size(); ++i) {
        if (kept_[i] && (worst == old_.size() || IsWorse(old_[i], old_[worst]))) worst = i;
      }
      if (worst == old_.size()) return;
      Drop(worst);
    }
  }

  void FreeLayers() {
    std::vector<size_t> small = Kept();
    std::erase_if(small,
                  [&](size_t i) { return old_[i].large || old_[i].live >= limits_.small_bytes; });
    size_t count = small.size();
    DropCheapest(std::move(small), Excess(count + 1, limits_.small_segments), kPatience);
    std::vector<size_t> all = Kept();
    count = all.size();
    DropCheapest(std::move(all), Excess(count + added_, limits_.max_segments), 0);
  }

  std::vector<size_t> Kept() const {
    std::vector<size_t> kept;
    for (size_t i = 0; i < old_.size(); ++i) {
      if (kept_[i]) kept.push_back(i);
    }
    return kept;
  }

  static size_t Excess(size_t count, size_t limit) { return count > limit ? count - limit : 0; }

  // Drops at least `least` of these, and more while none costs more than `patience` times what a
  // layer has cost so far.
  void DropCheapest(std::vector<size_t> segments, size_t least, uint64_t patience) {
    if (least == 0) return;
    std::stable_sort(segments.begin(), segments.end(),
                     [&](size_t a, size_t b) { return old_[a].live < old_[b].live; });
    size_t dropped = 0;
    for (size_t i : segments) {
      // Dropping n frees n layers for writes_ bytes.
      bool dear = old_[i].live * dropped > patience * writes_ || patience == 0;
      if (dropped >= least && dear) return;
      Drop(i);
      ++dropped;
    }
  }

  std::span<const SegmentStats> old_;
  const PlanLimits& limits_;
  std::vector<bool> kept_;
  uint64_t writes_;
  size_t added_;
};

}  // namespace

std::vector<bool> ChooseKept(std::span<const SegmentStats> old, const PlanChange& change,
                             const PlanLimits& limits) {
  return Chooser(old, change, limits).Run();
}

}  // namespace kontext
