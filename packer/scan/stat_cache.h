// What the last scan of a directory found, so that an unchanged file is not read again, nor an
// unchanged directory.
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
// Directories (git does the same with core.untrackedCache): one whose times are the recorded ones,
// by the same rule, has the same names in it. Believed only on file systems that are known to keep
// these times, under the same ignore rules, and when all in it is entries (stat_record.h,
// walker.cc). What the names stand for is looked at each time.
//
// Known and shared with git: a store through a shared mapping shows in the times only once the
// kernel notices the dirty page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "packer/scan/stat_record.h"
#include "packer/scan/walk.h"

namespace kontext {

// Files changed less than this before a scan are not trusted by the next one. The coarsest clock of
// a file system in use is FAT's, of two seconds.
inline constexpr int64_t kRacyMargin = 2'000'000'000;

// What Recall found.
struct Recalled {
  std::vector<size_t> unknown;  // indexes of the files that have to be read, in order
  bool whole = false;           // every entry, and none but these, is as recorded
};

// Sets the digests of the touched files of `walked` that are as recorded. Never fails.
Recalled Recall(const RecordedTree& recorded, Walked* walked);

}  // namespace kontext
