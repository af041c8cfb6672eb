// The file in which a scan keeps what it found for the next one.
//
// In this machine's byte order, no padding:
//
//   header    magic, version and byte order in one number; counts; the listing's totals and tree
//             digest; what was left out
//   records   one a listing entry, in the listing's order
//   text      each entry's path and link target, in the same order, nothing between
//   checksum  packer/cache/summed.h
//
// All entries are there, directories and links too: when a walk finds exactly the recorded entries,
// the recorded tree digest is its digest. What lies below a directory follows it, and a record says
// how many entries that are, so that a walk can look at one directory's names alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "common/digest.h"
#include "packer/plan/listing.h"
#include "packer/scan/walk.h"

namespace kontext {

// What a scan knows of a directory, complete.
struct Scanned {
  Walked walked;  // files with their digest
  ListingTotals totals;
  Digest tree{};
  Digest filter_name{};  // of the walk
};

// Gives the file's bytes in pieces to `out`. `trust_before`: a file or directory whose times are
// not older is recorded as not trusted.
void WriteStatRecord(const Scanned& scanned, int64_t trust_before,
                     const std::function<void(std::string_view)>& out);

struct RecordedEntry {
  uint8_t sha256[Digest::kBytes];
  uint64_t size;
  int64_t mtime;
  int64_t ctime;
  uint64_t inode;
  uint32_t text_at;  // where its path begins; the target follows
  uint32_t below;    // so many of the following entries are below this directory
  uint32_t path_length;
  uint16_t target_length;
  uint16_t mode;
  uint8_t type;
  uint8_t trusted;
  uint8_t zero[6];

  bool Is(EntryType wanted) const { return type == static_cast<uint8_t>(wanted); }

  // A file of this size and with these times still has the recorded content.
  bool IsUnchanged(uint64_t size_now, const FileStat& stat) const {
    return trusted != 0 && Is(EntryType::kFile) && size == size_now &&
           FileStat{mtime, ctime, inode} == stat;
  }

  // Its path and link target are those of `other`, in the same record.
  bool HasTextOf(const RecordedEntry& other) const {
    return text_at == other.text_at && path_length == other.path_length && below == other.below &&
           target_length == other.target_length && type == other.type;
  }

  FileStat Stat() const { return {mtime, ctime, inode}; }

  // A directory with these times still has the recorded names in it, and no others.
  bool HasSameNames(const FileStat& stat) const {
    return trusted != 0 && Is(EntryType::kDir) && FileStat{mtime, ctime, inode} == stat;
  }
};
static_assert(sizeof(RecordedEntry) == 88);

// An entry as it is recorded, but for where its text is and what is below it. `trust_before`: as
// for WriteStatRecord.
RecordedEntry RecordOf(const IndexEntry& entry, const FileStat& stat, int64_t trust_before);

// What a record says of the whole.
struct RecordedState {
  ListingTotals totals;
  Digest tree{};
  Digest filter_name{};
};

// The same as it stands in a file's header.
struct StateBytes {
  uint64_t files, dirs, symlinks, bytes;
  uint8_t tree[Digest::kBytes];
  uint8_t filter_name[Digest::kBytes];
};
static_assert(sizeof(StateBytes) == 96);

StateBytes StateOf(const Scanned& scanned);
RecordedState ReadState(const StateBytes& bytes);

// A look into such a file; knows nothing when that is damaged, or of another version or byte order.
class RecordedTree {
 public:
  RecordedTree() = default;
  // Refers to `bytes`.
  explicit RecordedTree(std::string_view bytes);

  bool valid() const { return valid_; }
  size_t size() const { return records_.size() / sizeof(RecordedEntry); }
  RecordedEntry entry(size_t i) const;
  // The bytes of all entries; the text is not among them.
  std::string_view records() const { return records_; }
  std::string_view PathOf(const RecordedEntry& entry) const {
    return text_.substr(entry.text_at, entry.path_length);
  }
  std::string_view TargetOf(const RecordedEntry& entry) const {
    return text_.substr(entry.text_at + entry.path_length, entry.target_length);
  }

  const ListingTotals& totals() const { return state_.totals; }
  const Digest& tree() const { return state_.tree; }
  const Digest& filter_name() const { return state_.filter_name; }
  // The checksum of the bytes as they were written.
  uint64_t sum() const { return sum_; }
  // Entries that are not as they were written (stat_changes.h).
  const std::vector<uint32_t>& changed() const { return changed_; }
  void SetChanged(std::vector<uint32_t> changed, const RecordedState& state) {
    changed_ = std::move(changed);
    state_ = state;
  }
  // The entry that was recorded; its text stays where it is.
  IndexEntry Line(const RecordedEntry& entry) const;
  // All of them.
  Listing ToListing() const;

 private:
  bool Check() const;

  bool valid_ = false;
  std::string_view records_;
  std::string_view text_;
  RecordedState state_;
  uint64_t sum_ = 0;
  std::vector<uint32_t> changed_;
};

// Every entry that was found has a recorded one with its path, and none is missing.
bool HasRecordedPaths(const RecordedTree& recorded, const Walked& walked);

}  // namespace kontext
