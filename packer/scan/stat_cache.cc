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
// `maybe`: of the unknown ones.
void RecallMoved(const RecordedTree& recorded, const std::vector<size_t>& maybe, Walked* walked,
                 std::vector<size_t>* unknown) {
  std::unordered_multimap<uint64_t, size_t> by_inode;
  for (size_t i : maybe) by_inode.emplace(walked->stats[i].inode, i);
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

}  // namespace

Recalled Recall(const RecordedTree& recorded, Walked* walked) {
  Recalled recalled;
  std::vector<IndexEntry>& entries = walked->listing.mutable_entries();
  std::vector<size_t> maybe_moved;
  recalled.whole = recorded.valid() && HasRecordedPaths(recorded, *walked);
  for (const Touched& touched : walked->touched) {
    IndexEntry& entry = entries[touched.entry];
    bool found = touched.recorded != kNotRecorded;
    RecordedEntry record = found ? recorded.entry(touched.recorded) : RecordedEntry{};
    recalled.whole = recalled.whole && IsLine(recorded, record, entry);
    if (entry.type != EntryType::kFile) continue;
    const FileStat& stat = walked->stats[touched.entry];
    if (found && record.IsUnchanged(entry.size, stat)) {
      std::memcpy(entry.sha256.bytes, record.sha256, Digest::kBytes);
      continue;
    }
    recalled.unknown.push_back(touched.entry);
    // Else it was here already, and has changed.
    bool stayed = found && record.Is(EntryType::kFile) && record.inode == stat.inode;
    if (!stayed) maybe_moved.push_back(touched.entry);
  }
  recalled.whole = recalled.whole && recalled.unknown.empty();
  if (!maybe_moved.empty()) RecallMoved(recorded, maybe_moved, walked, &recalled.unknown);
  return recalled;
}

}  // namespace kontext
