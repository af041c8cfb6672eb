// What has changed since a stat record was written, in a file beside it: a push after a small
// change writes that, not 125 bytes for each of the tree's entries. It is for changes that leave
// every path and link target as it was; after others, and when the changes are many, the record is
// written anew.
//
// In this machine's byte order, no padding:
//
//   header    magic and version in one number; the record's checksum; how many entries follow; the
//             listing's totals and tree digest; what was left out
//   entries   where each is in the record, and what is there now
//   checksum  packer/cache/summed.h
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string_view>

#include "packer/scan/stat_record.h"

namespace kontext {

// The entries that are not as the record has them, by their place in it.
using StatChanges = std::map<uint32_t, RecordedEntry>;

// What turns the record into one of `walked`, whose files have their digests. Nothing when that
// takes a new record. `trust_before`: as for WriteStatRecord.
std::optional<StatChanges> FindStatChanges(const RecordedTree& recorded, const Walked& walked,
                                           int64_t trust_before);

// Gives the file's bytes in pieces to `out`. `scanned`: what was found; its listing is not looked
// at.
void WriteStatChanges(const StatChanges& changes, uint64_t record_sum, const Scanned& scanned,
                      const std::function<void(std::string_view)>& out);

// Brings a record up to date with the file of its changes. `record`: the bytes that `recorded`
// refers to. False, and nothing is changed, when the file is damaged or of another record.
bool ApplyStatChanges(std::string_view changes, std::span<char> record, RecordedTree* recorded);

}  // namespace kontext
