#include "packer/scan/stat_record.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "common/path.h"

namespace kontext {
namespace {

// "kontext" and the version, as a number: a machine of other byte order reads another one.
constexpr uint64_t kMagic = 0x6b6f'6e74'6578'7402;

struct Header {
  uint64_t magic;
  uint64_t entries;
  uint64_t text_bytes;
  uint64_t files, dirs, symlinks, bytes;
  uint8_t tree[Digest::kBytes];
  uint8_t filter_name[Digest::kBytes];
  uint64_t checksum;
};
static_assert(sizeof(Header) == 128);
constexpr size_t kSummedHeader = offsetof(Header, checksum);

template <typename T>
void Append(const T& value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

uint64_t Mix(uint64_t value) {
  // An odd factor and shifted xors: a bijection, so nothing is lost (SplitMix64's finish).
  value = (value ^ value >> 30) * 0xbf58'476d'1ce4'e5b9;
  value = (value ^ value >> 27) * 0x94d0'49bb'1331'11eb;
  return value ^ value >> 31;
}

// Against damage, not malice. Each step is a bijection of the state for a given word and of the
// word for a given state, so damage within one word of 8 bytes is always seen, other damage but for
// one time in 2^64. Four lanes, since one would wait for its multiplications: this runs at the
// speed of memory, CRC-32 would cost as much as the rest of Recall.
uint64_t Checksum(std::string_view bytes, uint64_t seed) {
  constexpr uint64_t kFactor = 0x9e37'79b9'7f4a'7c15;
  constexpr size_t kLanes = 4;
  uint64_t lanes[kLanes] = {seed, seed + 1, seed + 2, seed + 3};
  auto take = [&](size_t lane, uint64_t word) {
    lanes[lane] = std::rotl((lanes[lane] ^ word) * kFactor, 29);
  };
  size_t at = 0;
  for (; bytes.size() - at >= sizeof(lanes); at += sizeof(lanes)) {
    uint64_t words[kLanes];
    std::memcpy(words, bytes.data() + at, sizeof(words));
    for (size_t lane = 0; lane < kLanes; ++lane) take(lane, words[lane]);
  }
  for (size_t lane = 0; at < bytes.size(); at += sizeof(uint64_t), ++lane) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min(sizeof(word), bytes.size() - at));
    take(lane, word);
  }
  uint64_t sum = Mix(seed ^ bytes.size());
  for (uint64_t lane : lanes) sum = Mix(sum ^ lane);
  return sum;
}

uint64_t ChecksumOf(std::string_view fixed, std::string_view text) {
  uint64_t sum = Checksum(fixed.substr(0, kSummedHeader), kMagic);
  return Checksum(text, Checksum(fixed.substr(sizeof(Header)), sum));
}

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

Header HeaderOf(const Scanned& scanned, size_t text_bytes) {
  Header header = {};
  header.magic = kMagic;
  header.entries = scanned.walked.listing.entries().size();
  header.text_bytes = text_bytes;
  header.files = scanned.totals.files;
  header.dirs = scanned.totals.dirs;
  header.symlinks = scanned.totals.symlinks;
  header.bytes = scanned.totals.bytes;
  std::memcpy(header.tree, scanned.tree.bytes, Digest::kBytes);
  std::memcpy(header.filter_name, scanned.filter_name.bytes, Digest::kBytes);
  return header;
}

}  // namespace

StatRecord Record(const Scanned& scanned, int64_t trust_before) {
  const std::vector<IndexEntry>& entries = scanned.walked.listing.entries();
  std::vector<uint32_t> below = CountBelow(entries);
  StatRecord out;
  out.fixed.reserve(sizeof(Header) + entries.size() * sizeof(RecordedEntry));
  out.fixed.resize(sizeof(Header));
  for (size_t i = 0; i < entries.size(); ++i) {
    const IndexEntry& entry = entries[i];
    const FileStat& stat = scanned.walked.stats[i];
    RecordedEntry record = {};
    std::memcpy(record.sha256, entry.sha256.bytes, Digest::kBytes);
    record.size = entry.size;
    record.mtime = stat.mtime;
    record.ctime = stat.ctime;
    record.inode = stat.inode;
    // A text of 4 GiB is more than the cache takes.
    record.text_at = static_cast<uint32_t>(out.text.size());
    record.below = below[i];
    record.path_length = static_cast<uint32_t>(entry.path.size());
    record.target_length = static_cast<uint16_t>(entry.target.size());
    record.mode = static_cast<uint16_t>(entry.mode);
    record.type = static_cast<uint8_t>(entry.type);
    record.trusted = stat.mtime < trust_before && stat.ctime < trust_before;
    Append(record, &out.fixed);
    out.text.append(entry.path).append(entry.target);
  }
  Header header = HeaderOf(scanned, out.text.size());
  std::memcpy(out.fixed.data(), &header, sizeof(header));
  header.checksum = ChecksumOf(out.fixed, out.text);
  std::memcpy(out.fixed.data(), &header, sizeof(header));
  return out;
}

RecordedTree::RecordedTree(std::string_view bytes) {
  Header header;
  if (bytes.size() < sizeof(header)) return;
  std::memcpy(&header, bytes.data(), sizeof(header));
  std::string_view rest = bytes.substr(sizeof(header));
  if (header.magic != kMagic || header.entries > rest.size() / sizeof(RecordedEntry)) return;
  records_ = rest.substr(0, header.entries * sizeof(RecordedEntry));
  text_ = rest.substr(records_.size());
  totals_ = {header.files, header.dirs, header.symlinks, header.bytes};
  std::memcpy(tree_.bytes, header.tree, Digest::kBytes);
  std::memcpy(filter_name_.bytes, header.filter_name, Digest::kBytes);
  std::string_view fixed = bytes.substr(0, sizeof(header) + records_.size());
  valid_ =
      header.text_bytes == text_.size() && header.checksum == ChecksumOf(fixed, text_) && Check();
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

Listing RecordedTree::ToListing() const {
  Listing listing;
  listing.Reserve(size());
  for (size_t i = 0; i < size(); ++i) AddRecorded(*this, entry(i), &listing);
  return listing;
}

void AddRecorded(const RecordedTree& tree, const RecordedEntry& entry, Listing* listing) {
  IndexEntry line;
  line.type = static_cast<EntryType>(entry.type);
  line.mode = entry.mode;
  line.size = entry.size;
  std::memcpy(line.sha256.bytes, entry.sha256, Digest::kBytes);
  line.path = tree.PathOf(entry);
  line.target = tree.TargetOf(entry);
  listing->AddKept(line);
}

}  // namespace kontext
