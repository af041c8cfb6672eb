// What a walk of a directory takes and gives.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "packer/plan/listing.h"

namespace kontext {

// What an image has of a mode.
inline constexpr mode_t kPermissions = 0777;

// What becomes of a path. A directory that is left out is still entered, and is in the listing
// after all when something below it is kept, unless all below goes with it: then it is not entered.
enum class Verdict { kKeep, kLeaveOut, kLeaveOutWithAllBelow };

// Asked for every path that is reached, directories too, relative to the context: a directory
// before what is below it, the names of a directory in their order. The walk's threads call it,
// never two at a time, so it needs no lock of its own.
using Filter = std::function<Verdict(std::string_view path, bool is_dir)>;

// Takes one sentence for people about something that is left out. The caller's thread calls it.
using Warning = std::function<void(const std::string& sentence)>;

struct WalkOptions {
  Filter filter = nullptr;  // none: everything is kept
  // Two filters with the same name leave out the same. Without a name every directory is read, and
  // the filter asked for every path: what a directory held the last time tells nothing.
  std::optional<Digest> filter_name = std::nullopt;
  Warning warn = nullptr;  // may be empty
  // Keep a directory that is a mount, or on another device than the context, as an empty one. A
  // btrfs subvolume is a device of its own.
  bool one_file_system = false;
  size_t threads = 1;
};

// What tells that a file is as it was, beside its size. Times are nanoseconds since 1970.
struct FileStat {
  int64_t mtime = 0;
  int64_t ctime = 0;
  uint64_t inode = 0;

  friend bool operator==(const FileStat&, const FileStat&) = default;
};

inline FileStat FileStatOf(const struct stat& info) {
  constexpr uint64_t kSecond = 1'000'000'000;
  // Unsigned: a file may claim to be of the year 2400, which is past 64 bits; two such times may
  // only be mistaken for each other, and ctime is the system's.
  auto nanoseconds = [](const struct timespec& time) {
    return static_cast<int64_t>(static_cast<uint64_t>(time.tv_sec) * kSecond +
                                static_cast<uint64_t>(time.tv_nsec));
  };
  return {nanoseconds(info.st_mtim), nanoseconds(info.st_ctim), info.st_ino};
}

inline constexpr size_t kNotRecorded = SIZE_MAX;

// An entry of a listing that a walk has not found just as it is recorded, times included, or not
// looked for there.
struct Touched {
  size_t entry;     // in the listing
  size_t recorded;  // what is recorded of the same path; or kNotRecorded
};

struct Walked {
  // Every entry, and none but these, is what the last scan recorded, files unchanged. Nothing else
  // is set then: the record has it.
  bool as_recorded = false;
  // The entries have the recorded paths and kinds, and all that were not touched are as recorded:
  // what follows is of the touched ones alone.
  bool only_touched = false;
  // Touched files without their digest. The text of what was recorded is where the record has it.
  Listing listing;
  // Of the listing's entries, in their order; unset for links, and for directories whose entries
  // alone do not tell what a walk finds in them.
  std::vector<FileStat> stats;
  std::vector<Touched> touched;  // in order
};

}  // namespace kontext
