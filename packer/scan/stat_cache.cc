#include "packer/scan/stat_cache.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "common/path.h"

namespace kontext {
namespace {

// The recorded entry and this one, of the same path, are equal lines of a listing.
bool IsLine(const RecordedTree& recorded, const RecordedEntry& record, const IndexEntry& entry) {
  return record.Is(entry.type) && record.mode == entry.mode && record.size == entry.size &&
         recorded.TargetOf(record) == entry.target;
}

// Files that moved since: the path is another one, the inode and its times are as they were. A
// rename sets the ctime of what is renamed, so these are the files below a directory that moved.
void RecallMoved(const RecordedTree& recorded, Walked* walked, std::vector<size_t>* unknown) {
  std::unordered_multimap<uint64_t, size_t> by_inode;
  for (size_t i : *unknown) by_inode.emplace(walked->stats[i].inode, i);
  std::vector<IndexEntry>& entries = walked->listing.mutable_entries();
  std::unordered_set<size_t> found;
  for (size_t at = 0; !by_inode.empty() && at < recorded.size(); ++at) {
    RecordedEntry record = recorded.entry(at);
    auto [begin, end] = by_inode.equal_range(record.inode);
    for (auto it = begin; it != end; ++it) {
      size_t i = it->second;
      if (!record.IsUnchanged(entries[i].size, walked->stats[i])) continue;
      std::memcpy(entries[i].sha256.bytes, record.sha256, Digest::kBytes);
      found.insert(i);
    }
  }
  std::erase_if(*unknown, [&](size_t i) { return found.count(i) > 0; });
}

// Equal or not is known sooner than before or after.
int Compare(std::string_view a, std::string_view b) { return a == b ? 0 : ComparePaths(a, b); }

}  // namespace

Recalled Recall(const RecordedTree& recorded, Walked* walked) {
  Recalled recalled;
  std::vector<IndexEntry>& entries = walked->listing.mutable_entries();
  recalled.whole = recorded.valid() && recorded.size() == entries.size();
  size_t at = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    IndexEntry& entry = entries[i];
    int order = -1;
    RecordedEntry record = {};
    for (; at < recorded.size(); ++at) {
      record = recorded.entry(at);
      order = Compare(recorded.PathOf(record), entry.path);
      if (order >= 0) break;
    }
    bool found = order == 0;
    recalled.whole = recalled.whole && found && IsLine(recorded, record, entry);
    if (entry.type == EntryType::kFile) {
      if (found && record.IsUnchanged(entry.size, walked->stats[i])) {
        std::memcpy(entry.sha256.bytes, record.sha256, Digest::kBytes);
      } else {
        recalled.unknown.push_back(i);
      }
    }
    if (found) ++at;
  }
  recalled.whole = recalled.whole && recalled.unknown.empty();
  if (!recalled.unknown.empty()) RecallMoved(recorded, walked, &recalled.unknown);
  return recalled;
}

}  // namespace kontext
