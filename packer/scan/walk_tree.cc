#include "packer/scan/walk_tree.h"

#include <algorithm>
#include <utility>

#include "packer/memory_hints.h"

namespace kontext {
namespace {

constexpr size_t kItemsAtOnce = 4096;

class Splicer {
 public:
  Splicer(const Context& context, const RecordedTree& recorded, const Warning& warn, Walked* walked)
      : context_(context), recorded_(recorded), warn_(warn), walked_(*walked) {}

  // Depth first without recursion: a tree may be deeper than a stack.
  void Run(const FoundDir& root) {
    Open(root);
    while (!open_.empty()) {
      Place& place = open_.back();
      if (place.next == place.end) {
        bool refused = !refused_.empty() && refused_.back()->below == place.dir;
        if (refused) refused_.pop_back();
        open_.pop_back();
        continue;
      }
      if (place.dir->as_recorded) {
        TakeRecorded(&place);
      } else {
        Take(place.dir->items[place.next++]);
      }
    }
  }

 private:
  struct Place {
    const FoundDir* dir;
    size_t next, end;       // of its items, or of the record's entries
    const FoundDir* below;  // as recorded: the next directory in it
  };

  void Open(const FoundDir& dir) {
    if (dir.as_recorded) {
      open_.push_back({&dir, dir.recorded.begin, dir.recorded.end, dir.first});
    } else {
      open_.push_back({&dir, 0, dir.items.size(), nullptr});
    }
  }

  void AddRefused() {
    // An entry brings along the refused directories that it lies in.
    for (const FoundItem* dir : refused_) Add(*dir);
    refused_.clear();
  }

  void TakeRecorded(Place* place) {
    size_t at = place->next;
    RecordedEntry entry = recorded_.entry(at);
    place->next += 1 + entry.below;
    AddRefused();
    walked_.listing.AddKept(recorded_.Line(entry));
    if (!entry.Is(EntryType::kDir)) {
      walked_.stats.push_back(entry.Stat());
      return;
    }
    const FoundDir* below = place->below;
    place->below = below->next;
    if (!entry.HasSameNames(below->stat)) Touch(at);
    walked_.stats.push_back(below->stat);
    Open(*below);
  }

  // The entry that was added last is new or another one.
  void Touch(size_t recorded) {
    walked_.touched.push_back({walked_.listing.entries().size() - 1, recorded});
  }

  void Take(const FoundItem& item) {
    if (S_ISDIR(item.mode) && !item.wanted) {
      if (item.below == nullptr) return;
      refused_.push_back(&item);
    } else if (S_ISREG(item.mode) || S_ISLNK(item.mode) || S_ISDIR(item.mode)) {
      AddRefused();
      Add(item);
    } else if (warn_) {
      warn_(context_.Describe(item.path) + " is " + KindOf(item.mode) + ": left out");
    }
    if (item.below != nullptr) Open(*item.below);
  }

  void Add(const FoundItem& item) {
    walked_.listing.AddKept(item.ToEntry());
    walked_.stats.push_back(item.StatOf());
    Touch(item.recorded);
  }

  const Context& context_;
  const RecordedTree& recorded_;
  const Warning& warn_;
  Walked& walked_;
  std::vector<Place> open_;
  // Open refused directories without an entry yet, outermost first.
  std::vector<const FoundItem*> refused_;
};

}  // namespace

IndexEntry FoundItem::ToEntry() const {
  IndexEntry entry;
  entry.path = path;
  if (S_ISLNK(mode)) {
    entry.type = EntryType::kSymlink;
    entry.target = target;
  } else {
    entry.mode = mode & kPermissions;
  }
  if (S_ISDIR(mode)) entry.type = EntryType::kDir;
  if (S_ISREG(mode)) entry.size = size;
  return entry;
}

FileStat FoundItem::StatOf() const {
  if (S_ISREG(mode)) return stat;
  return below != nullptr ? below->stat : FileStat();
}

std::span<FoundItem> ItemPool::Take(size_t count) {
  if (free_.size() < count) {
    size_t size = std::max(count, kItemsAtOnce);
    free_ = {chunks_.emplace_back(std::make_unique<FoundItem[]>(size)).get(), size};
  }
  std::span<FoundItem> taken = free_.first(count);
  free_ = free_.subspan(count);
  count_ += count;
  return taken;
}

Walked Splice(const Context& context, const RecordedTree& recorded, const FoundDir& root,
              std::vector<FoundPart>* parts, const Warning& warn) {
  Walked walked;
  size_t count = recorded.size();
  for (FoundPart& part : *parts) {
    walked.listing.Adopt(std::move(part.text));
    count += part.items.count();
  }
  walked.listing.Reserve(count);
  walked.stats.reserve(count);
  FirstUse first_use(walked.listing.mutable_entries().data(), count * sizeof(IndexEntry));
  UseLargePages(walked.stats.data(), count * sizeof(FileStat));
  Splicer(context, recorded, warn, &walked).Run(root);
  return walked;
}

}  // namespace kontext
