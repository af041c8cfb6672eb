#include "packer/scan/stat_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "common/path.h"

namespace kontext {
namespace {

// "kontext" and the version, as a number: a machine of other byte order reads another one.
constexpr uint64_t kMagic = 0x6b6f'6e74'6578'7401;

struct Header {
  uint64_t magic;
  uint64_t entries;
  uint64_t text_bytes;
  uint64_t files, dirs, symlinks, bytes;
  uint8_t tree[Digest::kBytes];
  uint64_t checksum;
};
static_assert(sizeof(Header) == 96);
constexpr size_t kSummedHeader = offsetof(Header, checksum);

struct DiskRecord {
  uint8_t sha256[Digest::kBytes];
  uint64_t size;
  int64_t mtime;
  int64_t ctime;
  uint64_t inode;
  uint32_t path_length;
  uint16_t target_length;
  uint16_t mode;
  uint8_t type;
  uint8_t trusted;
  uint8_t zero[6];
};
static_assert(sizeof(DiskRecord) == 80);

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

// Goes through the records of a file that is whole.
class Cursor {
 public:
  // Nothing is there when the bytes are not what Record wrote.
  explicit Cursor(std::string_view bytes) {
    if (bytes.size() < sizeof(Header)) return;
    std::memcpy(&header_, bytes.data(), sizeof(header_));
    std::string_view rest = bytes.substr(sizeof(Header));
    if (header_.magic != kMagic || header_.entries > rest.size() / sizeof(DiskRecord)) return;
    records_ = rest.substr(0, header_.entries * sizeof(DiskRecord));
    text_ = rest.substr(records_.size());
    std::string_view fixed = bytes.substr(0, sizeof(Header) + records_.size());
    valid_ = header_.text_bytes == text_.size() && header_.checksum == ChecksumOf(fixed, text_);
  }

  bool valid() const { return valid_; }
  const Header& header() const { return header_; }

  // False at the end.
  bool Next() {
    if (!valid_ || records_.empty()) return false;
    std::memcpy(&record_, records_.data(), sizeof(record_));
    size_t text = size_t{record_.path_length} + record_.target_length;
    if (text > text_.size()) return valid_ = false;
    path_ = text_.substr(0, record_.path_length);
    target_ = text_.substr(record_.path_length, record_.target_length);
    text_.remove_prefix(text);
    records_.remove_prefix(sizeof(record_));
    return true;
  }

  std::string_view path() const { return path_; }
  const DiskRecord& record() const { return record_; }

  // The recorded entry and this one, of the same path, are equal lines of a listing.
  bool IsLine(const IndexEntry& entry) const {
    return record_.type == static_cast<uint8_t>(entry.type) && record_.mode == entry.mode &&
           record_.size == entry.size && target_ == entry.target;
  }

  bool IsUnchanged(const IndexEntry& file, const FileStat& stat) const {
    return record_.trusted != 0 && record_.type == static_cast<uint8_t>(EntryType::kFile) &&
           record_.size == file.size &&
           FileStat{record_.mtime, record_.ctime, record_.inode} == stat;
  }

 private:
  Header header_{};
  DiskRecord record_{};
  std::string_view records_;
  std::string_view text_;
  std::string_view path_;
  std::string_view target_;
  bool valid_ = false;
};

// Files that moved since: the path is another one, the inode and its times are as they were. A
// rename sets the ctime of what is renamed, so these are the files below a directory that moved.
void RecallMoved(std::string_view recorded, Walked* walked, std::vector<size_t>* unknown) {
  std::unordered_multimap<uint64_t, size_t> by_inode;
  for (size_t i : *unknown) by_inode.emplace(walked->stats[i].inode, i);
  std::vector<IndexEntry>& entries = walked->listing.mutable_entries();
  std::unordered_set<size_t> found;
  Cursor cursor(recorded);
  while (!by_inode.empty() && cursor.Next()) {
    auto [begin, end] = by_inode.equal_range(cursor.record().inode);
    for (auto it = begin; it != end; ++it) {
      size_t i = it->second;
      if (!cursor.IsUnchanged(entries[i], walked->stats[i])) continue;
      std::memcpy(entries[i].sha256.bytes, cursor.record().sha256, Digest::kBytes);
      found.insert(i);
    }
  }
  std::erase_if(*unknown, [&](size_t i) { return found.count(i) > 0; });
}

// Equal or not is known sooner than before or after.
int Compare(std::string_view a, std::string_view b) { return a == b ? 0 : ComparePaths(a, b); }

}  // namespace

Recalled Recall(std::string_view recorded, Walked* walked) {
  Cursor cursor(recorded);
  Recalled recalled;
  std::vector<IndexEntry>& entries = walked->listing.mutable_entries();
  recalled.whole = cursor.valid() && cursor.header().entries == entries.size();
  bool more = cursor.Next();
  for (size_t i = 0; i < entries.size(); ++i) {
    IndexEntry& entry = entries[i];
    int order = -1;
    while (more && (order = Compare(cursor.path(), entry.path)) < 0) more = cursor.Next();
    bool found = more && order == 0;
    recalled.whole = recalled.whole && found && cursor.IsLine(entry);
    if (entry.type == EntryType::kFile) {
      if (found && cursor.IsUnchanged(entry, walked->stats[i])) {
        std::memcpy(entry.sha256.bytes, cursor.record().sha256, Digest::kBytes);
      } else {
        recalled.unknown.push_back(i);
      }
    }
    if (found) more = cursor.Next();
  }
  recalled.whole = recalled.whole && recalled.unknown.empty() && cursor.valid();
  if (!recalled.unknown.empty() && cursor.valid()) {
    RecallMoved(recorded, walked, &recalled.unknown);
  }
  const Header& header = cursor.header();
  recalled.totals = {header.files, header.dirs, header.symlinks, header.bytes};
  std::memcpy(recalled.tree.bytes, header.tree, Digest::kBytes);
  return recalled;
}

StatRecord Record(const Scanned& scanned, int64_t trust_before) {
  const std::vector<IndexEntry>& entries = scanned.walked.listing.entries();
  StatRecord out;
  out.fixed.reserve(sizeof(Header) + entries.size() * sizeof(DiskRecord));
  out.fixed.resize(sizeof(Header));
  for (size_t i = 0; i < entries.size(); ++i) {
    const IndexEntry& entry = entries[i];
    const FileStat& stat = scanned.walked.stats[i];
    DiskRecord record = {};
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
    Append(record, &out.fixed);
    out.text.append(entry.path).append(entry.target);
  }
  Header header = {};
  header.magic = kMagic;
  header.entries = entries.size();
  header.text_bytes = out.text.size();
  header.files = scanned.totals.files;
  header.dirs = scanned.totals.dirs;
  header.symlinks = scanned.totals.symlinks;
  header.bytes = scanned.totals.bytes;
  std::memcpy(header.tree, scanned.tree.bytes, Digest::kBytes);
  std::memcpy(out.fixed.data(), &header, sizeof(header));
  header.checksum = ChecksumOf(out.fixed, out.text);
  std::memcpy(out.fixed.data(), &header, sizeof(header));
  return out;
}

}  // namespace kontext
