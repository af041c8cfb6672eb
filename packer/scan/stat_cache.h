// What the last scan of a directory found, so that an unchanged file is not read again.
//
// A file on disk is believed to be the recorded one when its size, modification time, change time
// and inode are the recorded ones; the change time and the inode come from the file system and
// cannot be set by a program, so that a file rewritten with its size and mtime is noticed. The path
// does not matter: files below a directory that was renamed are not read again. The device is not
// compared: its number changes with a reboot on btrfs, overlays and network file systems, and an
// inode with the same two times on two devices is a snapshot with the same content.
//
// Racy files (git, Documentation/technical/racy-git): a file that is written twice within one tick
// of the file system's clock keeps its times. So what changed within kRacyMargin before the scan
// began, or "later", is recorded as not trusted, and is read again by the next scan.
//
// Known and shared with git: a store through a shared mapping shows in the times only once the
// kernel notices the dirty page.
//
// The recorded file, in this machine's byte order, no padding:
//
//   header   magic, version and byte order in one number; counts; the listing's totals and tree
//            digest; a checksum of all that is not the checksum
//   records  one a listing entry, in the listing's order, kRecordSize bytes each
//   text     each entry's path and link target, in the same order, nothing between
//
// Fixed records and one text, since a scan reads all of it front to back, once: 81,000 entries in a
// few milliseconds. All entries are there, directories and links too: when a walk finds exactly the
// recorded entries, the recorded tree digest is its digest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/digest.h"
#include "packer/cache/cache_dir.h"
#include "packer/plan/listing.h"
#include "packer/scan/walk.h"

namespace kontext {

// Files changed less than this before a scan are not trusted by the next one. The coarsest clock of
// a file system in use is FAT's, of two seconds.
inline constexpr int64_t kRacyMargin = 2'000'000'000;

// What a scan knows of a directory, complete.
struct Scanned {
  Walked walked;  // files with their digest
  ListingTotals totals;
  Digest tree{};
};

// What Recall found.
struct Recalled {
  std::vector<size_t> unknown;  // indexes of the files that have to be read, in order
  bool whole = false;           // every entry, and none but these, is as recorded
  ListingTotals totals;         // when whole
  Digest tree{};                // when whole
};

// Sets the digests of the files of `walked` that are as `recorded` says. Never fails: damage, and
// a record of another directory, version or byte order, know nothing.
Recalled Recall(std::string_view recorded, Walked* walked);

// What Recall reads: header and records, then text. `trust_before`: a file whose times are not
// older is recorded as not trusted.
struct StatRecord {
  std::string fixed;
  std::string text;
};
StatRecord Record(const Scanned& scanned, int64_t trust_before);

}  // namespace kontext
