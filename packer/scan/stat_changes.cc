#include "packer/scan/stat_changes.h"

#include <cstring>

#include "packer/cache/summed.h"

namespace kontext {
namespace {

// The number goes up with the format, and with the record's.
constexpr uint64_t kMagic = 0x6b6f'6e74'6578'6301;

struct Header {
  uint64_t magic;
  uint64_t record_sum;
  uint64_t entries;
  StateBytes state;
};
static_assert(sizeof(Header) == 120);

struct Change {
  uint64_t at;
  RecordedEntry entry;
};
static_assert(sizeof(Change) == 96);

// With more, the record is written anew. They are read, sorted and written with every push; so many
// take a sixteenth of what a record does.
size_t MostChanges(size_t entries) { return 64 + entries / 16; }

bool IsSameText(const RecordedTree& recorded, const RecordedEntry& old, const IndexEntry& entry) {
  return old.Is(entry.type) && recorded.TargetOf(old) == entry.target;
}

RecordedEntry Renewed(const RecordedEntry& old, const IndexEntry& entry, const FileStat& stat,
                      int64_t trust_before) {
  RecordedEntry record = RecordOf(entry, stat, trust_before);
  record.text_at = old.text_at;
  record.below = old.below;
  return record;
}

}  // namespace

std::optional<StatChanges> FindStatChanges(const RecordedTree& recorded, const Walked& walked,
                                           int64_t trust_before) {
  if (!recorded.valid() || !HasRecordedPaths(recorded, walked)) return std::nullopt;
  size_t most = MostChanges(recorded.size());
  StatChanges changes;
  for (uint32_t at : recorded.changed()) changes[at] = recorded.entry(at);
  for (const Touched& touched : walked.touched) {
    const IndexEntry& entry = walked.listing.entries()[touched.entry];
    RecordedEntry old = recorded.entry(touched.recorded);
    if (!IsSameText(recorded, old, entry)) return std::nullopt;
    RecordedEntry now = Renewed(old, entry, walked.stats[touched.entry], trust_before);
    if (std::memcmp(&now, &old, sizeof(now)) == 0) continue;
    changes[static_cast<uint32_t>(touched.recorded)] = now;
    if (changes.size() > most) return std::nullopt;
  }
  return changes;
}

void WriteStatChanges(const StatChanges& changes, uint64_t record_sum, const Scanned& scanned,
                      const std::function<void(std::string_view)>& out) {
  Header header = {};
  header.magic = kMagic;
  header.record_sum = record_sum;
  header.entries = changes.size();
  header.state = StateOf(scanned);
  SummedWriter writer(out);
  writer.AddValue(header);
  for (const auto& [at, entry] : changes) writer.AddValue(Change{at, entry});
  writer.Finish();
}

bool ApplyStatChanges(std::string_view changes, std::span<char> record, RecordedTree* recorded) {
  std::optional<std::string_view> content = ReadSummed(changes);
  Header header;
  if (!content || content->size() < sizeof(header)) return false;
  std::memcpy(&header, content->data(), sizeof(header));
  content->remove_prefix(sizeof(header));
  if (header.magic != kMagic || !recorded->valid() || header.record_sum != recorded->sum() ||
      header.entries != content->size() / sizeof(Change) || content->size() % sizeof(Change) != 0) {
    return false;
  }
  auto change_at = [&](size_t i) {
    Change change;
    std::memcpy(&change, content->data() + i * sizeof(change), sizeof(change));
    return change;
  };
  for (size_t i = 0; i < header.entries; ++i) {
    Change change = change_at(i);
    if (change.at >= recorded->size()) return false;
    RecordedEntry old = recorded->entry(change.at);
    if (!change.entry.HasTextOf(old)) return false;
  }
  std::vector<uint32_t> places;
  places.reserve(header.entries);
  for (size_t i = 0; i < header.entries; ++i) {
    Change change = change_at(i);
    size_t offset = static_cast<size_t>(recorded->records().data() - record.data());
    std::memcpy(record.data() + offset + change.at * sizeof(change.entry), &change.entry,
                sizeof(change.entry));
    places.push_back(static_cast<uint32_t>(change.at));
  }
  recorded->SetChanged(std::move(places), ReadState(header.state));
  return true;
}

}  // namespace kontext
