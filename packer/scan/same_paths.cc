#include "packer/scan/same_paths.h"

#include <algorithm>
#include <utility>

namespace kontext {
namespace {

class TouchedFinder {
 public:
  explicit TouchedFinder(const RecordedTree& recorded) : recorded_(recorded) {}

  // False: the paths are others. Without recursion: a tree may be deeper than a stack.
  bool Run(const FoundDir& root) {
    open_.push_back(&root);
    while (!open_.empty()) {
      const FoundDir& dir = *open_.back();
      open_.pop_back();
      if (dir.as_recorded) {
        TakeRecorded(dir);
      } else if (!Take(dir)) {
        return false;
      }
    }
    return true;
  }

  // In order.
  Walked Result() {
    std::sort(found_.begin(), found_.end(),
              [](const Found& a, const Found& b) { return a.recorded < b.recorded; });
    Walked walked;
    walked.only_touched = true;
    for (const Found& found : found_) {
      walked.touched.push_back({walked.touched.size(), found.recorded});
      walked.listing.AddKept(found.entry);
      walked.stats.push_back(found.stat);
    }
    return walked;
  }

 private:
  struct Found {
    size_t recorded;
    IndexEntry entry;
    FileStat stat;
  };

  void TakeRecorded(const FoundDir& dir) {
    for (const FoundDir* below = dir.first; below != nullptr; below = below->next) {
      size_t at = below->recorded.begin - 1;
      RecordedEntry entry = recorded_.entry(at);
      if (!entry.HasSameNames(below->stat)) {
        found_.push_back({at, recorded_.Line(entry), below->stat});
      }
      open_.push_back(below);
    }
  }

  bool Take(const FoundDir& dir) {
    size_t names = 0;
    for (size_t at = dir.recorded.begin; at < dir.recorded.end;) {
      ++names;
      at += 1 + recorded_.entry(at).below;
    }
    return names == dir.items.size() &&
           std::all_of(dir.items.begin(), dir.items.end(),
                       [this](const FoundItem& item) { return Take(item); });
  }

  bool Take(const FoundItem& item) {
    if (item.recorded == kNotRecorded || !item.IsEntry()) return false;
    RecordedEntry record = recorded_.entry(item.recorded);
    IndexEntry entry = item.ToEntry();
    if (!record.Is(entry.type) || recorded_.TargetOf(record) != entry.target) return false;
    found_.push_back({item.recorded, entry, item.StatOf()});
    if (item.below == nullptr) return record.below == 0;
    open_.push_back(item.below);
    return true;
  }

  const RecordedTree& recorded_;
  std::vector<const FoundDir*> open_;
  std::vector<Found> found_;
};

}  // namespace

std::optional<Walked> TakeTouched(const RecordedTree& recorded, const FoundDir& root,
                                  std::vector<FoundPart>* parts) {
  if (!recorded.valid()) return std::nullopt;
  TouchedFinder finder(recorded);
  if (!finder.Run(root)) return std::nullopt;
  Walked walked = finder.Result();
  for (FoundPart& part : *parts) walked.listing.Adopt(std::move(part.text));
  return walked;
}

}  // namespace kontext
