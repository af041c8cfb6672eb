#include "packer/scan/stat_record.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "common/path.h"
#include "packer/cache/summed.h"
#include "packer/memory_hints.h"

namespace kontext {
namespace {

// "kontext" and the version, as a number: a machine of other byte order reads another one.
constexpr uint64_t kMagic = 0x6b6f'6e74'6578'7403;

struct Header {
  uint64_t magic;
  uint64_t entries;
  uint64_t text_bytes;
  StateBytes state;
};
static_assert(sizeof(Header) == 120);

// How many entries lie below each: those that follow it.
std::vector<uint32_t> CountBelow(const std::vector<IndexEntry>& entries) {
  std::vector<uint32_t> below(entries.size());
  std::vector<size_t> open;  // the directories on the way to the entry, outermost first
  for (size_t i = 0; i <= entries.size(); ++i) {
    while (!open.empty() &&
           (i == entries.size() || !IsUnder(entries[i].path, entries[open.back()].path))) {
      below[open.back()] = static_cast<uint32_t>(i - open.back() - 1);
      open.pop_back();
    }
    if (i < entries.size() && entries[i].type == EntryType::kDir) open.push_back(i);
  }
  return below;
}

Header HeaderOf(const Scanned& scanned) {
  Header header = {};
  header.magic = kMagic;
  header.entries = scanned.walked.listing.entries().size();
  for (const IndexEntry& entry : scanned.walked.listing.entries()) {
    header.text_bytes += entry.path.size() + entry.target.size();
  }
  header.state = StateOf(scanned);
  return header;
}

}  // namespace

StateBytes StateOf(const Scanned& scanned) {
  const ListingTotals& totals = scanned.totals;
  StateBytes bytes = {totals.files, totals.dirs, totals.symlinks, totals.bytes, {}, {}};
  std::memcpy(bytes.tree, scanned.tree.bytes, Digest::kBytes);
  std::memcpy(bytes.filter_name, scanned.filter_name.bytes, Digest::kBytes);
  return bytes;
}

RecordedState ReadState(const StateBytes& bytes) {
  RecordedState state;
  state.totals = {bytes.files, bytes.dirs, bytes.symlinks, bytes.bytes};
  std::memcpy(state.tree.bytes, bytes.tree, Digest::kBytes);
  std::memcpy(state.filter_name.bytes, bytes.filter_name, Digest::kBytes);
  return state;
}

RecordedEntry RecordOf(const IndexEntry& entry, const FileStat& stat, int64_t trust_before) {
  RecordedEntry record = {};
  std::memcpy(record.sha256, entry.sha256.bytes, Digest::kBytes);
  record.size = entry.size;
  record.mtime = stat.mtime;
  record.ctime = stat.ctime;
  record.inode = stat.inode;
  record.path_length = static_cast<uint32_t>(entry.path.size());
  record.target_length = static_cast<uint16_t>(entry.target.size());
  record.mode = static_cast<uint16_t>(entry.mode);
  record.type = static_cast<uint8_t>(entry.type);
  record.trusted = stat.mtime < trust_before && stat.ctime < trust_before;
  return record;
}

void WriteStatRecord(const Scanned& scanned, int64_t trust_before,
                     const std::function<void(std::string_view)>& out) {
  const std::vector<IndexEntry>& entries = scanned.walked.listing.entries();
  std::vector<uint32_t> below = CountBelow(entries);
  SummedWriter writer(out);
  writer.AddValue(HeaderOf(scanned));
  size_t text_at = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    RecordedEntry record = RecordOf(entries[i], scanned.walked.stats[i], trust_before);
    // A text of 4 GiB is more than the cache takes.
    record.text_at = static_cast<uint32_t>(text_at);
    record.below = below[i];
    writer.AddValue(record);
    text_at += entries[i].path.size() + entries[i].target.size();
  }
  for (const IndexEntry& entry : entries) {
    writer.Add(entry.path);
    writer.Add(entry.target);
  }
  writer.Finish();
}

RecordedTree::RecordedTree(std::string_view bytes) {
  std::optional<std::string_view> content = ReadSummed(bytes);
  Header header;
  if (!content || content->size() < sizeof(header)) return;
  std::memcpy(&header, content->data(), sizeof(header));
  std::string_view rest = content->substr(sizeof(header));
  if (header.magic != kMagic || header.entries > rest.size() / sizeof(RecordedEntry)) return;
  records_ = rest.substr(0, header.entries * sizeof(RecordedEntry));
  text_ = rest.substr(records_.size());
  state_ = ReadState(header.state);
  std::memcpy(&sum_, bytes.data() + content->size(), sizeof(sum_));
  valid_ = header.text_bytes == text_.size() && Check();
  if (!valid_) *this = RecordedTree();
}

bool RecordedTree::Check() const {
  for (size_t i = 0; i < size(); ++i) {
    RecordedEntry record = entry(i);
    uint64_t end = uint64_t{record.text_at} + record.path_length + record.target_length;
    if (end > text_.size() || record.below > size() - i - 1) return false;
  }
  return true;
}

RecordedEntry RecordedTree::entry(size_t i) const {
  RecordedEntry record;
  std::memcpy(&record, records_.data() + i * sizeof(record), sizeof(record));
  return record;
}

IndexEntry RecordedTree::Line(const RecordedEntry& entry) const {
  IndexEntry line;
  line.type = static_cast<EntryType>(entry.type);
  line.mode = entry.mode;
  line.size = entry.size;
  std::memcpy(line.sha256.bytes, entry.sha256, Digest::kBytes);
  line.path = PathOf(entry);
  line.target = TargetOf(entry);
  return line;
}

Listing RecordedTree::ToListing() const {
  Listing listing;
  listing.Reserve(size());
  FirstUse first_use(listing.mutable_entries().data(), size() * sizeof(IndexEntry));
  for (size_t i = 0; i < size(); ++i) listing.AddKept(Line(entry(i)));
  return listing;
}

bool HasRecordedPaths(const RecordedTree& recorded, const Walked& walked) {
  return walked.only_touched ||
         (recorded.size() == walked.listing.entries().size() &&
          std::all_of(walked.touched.begin(), walked.touched.end(),
                      [](const Touched& touched) { return touched.recorded == touched.entry; }));
}

}  // namespace kontext
