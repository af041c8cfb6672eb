#include "packer/scan/walk_tree.h"

#include <algorithm>
#include <utility>

#include "packer/large_pages.h"

namespace kontext {
namespace {

constexpr mode_t kPermissions = 0777;
constexpr size_t kItemsAtOnce = 4096;

class Splicer {
 public:
  Splicer(const Context& context, const Warning& warn, Walked* walked)
      : context_(context), warn_(warn), walked_(*walked) {}

  // Depth first without recursion: a tree may be deeper than a stack.
  void Run(const FoundDir& root) {
    open_.push_back({&root, 0});
    while (!open_.empty()) {
      Place& place = open_.back();
      if (place.next == place.dir->items.size()) {
        bool refused = !refused_.empty() && refused_.back()->below == place.dir;
        if (refused) refused_.pop_back();
        open_.pop_back();
        continue;
      }
      Take(place.dir->items[place.next++]);
    }
  }

 private:
  struct Place {
    const FoundDir* dir;
    size_t next;
  };

  void Take(const FoundItem& item) {
    if (S_ISDIR(item.mode) && !item.wanted) {
      if (item.below == nullptr) return;
      refused_.push_back(&item);
    } else if (S_ISREG(item.mode) || S_ISLNK(item.mode) || S_ISDIR(item.mode)) {
      // An entry brings along the refused directories that it lies in.
      for (const FoundItem* dir : refused_) Add(*dir);
      refused_.clear();
      Add(item);
    } else if (warn_) {
      warn_(context_.Describe(item.path) + " is " + KindOf(item.mode) + ": left out");
    }
    if (item.below != nullptr) open_.push_back({item.below, 0});
  }

  void Add(const FoundItem& item) {
    IndexEntry entry;
    entry.path = item.path;
    if (S_ISLNK(item.mode)) {
      entry.type = EntryType::kSymlink;
      entry.target = item.target;
    } else {
      entry.mode = item.mode & kPermissions;
    }
    if (S_ISDIR(item.mode)) entry.type = EntryType::kDir;
    if (S_ISREG(item.mode)) entry.size = item.size;
    walked_.listing.AddKept(entry);
    walked_.stats.push_back(S_ISREG(item.mode) ? item.stat : FileStat());
  }

  const Context& context_;
  const Warning& warn_;
  Walked& walked_;
  std::vector<Place> open_;
  // Open refused directories without an entry yet, outermost first.
  std::vector<const FoundItem*> refused_;
};

}  // namespace

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

Walked Splice(const Context& context, const FoundDir& root, std::vector<FoundPart>* parts,
              const Warning& warn) {
  Walked walked;
  size_t count = 0;
  for (FoundPart& part : *parts) {
    walked.listing.Adopt(std::move(part.text));
    count += part.items.count();
  }
  walked.listing.Reserve(count);
  walked.stats.reserve(count);
  UseLargePages(walked.listing.mutable_entries().data(), count * sizeof(IndexEntry));
  UseLargePages(walked.stats.data(), count * sizeof(FileStat));
  Splicer(context, warn, &walked).Run(root);
  return walked;
}

}  // namespace kontext
