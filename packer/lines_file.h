// A segment's lines as bytes that are read back without parsing.
//
// In this machine's byte order, no padding:
//
//   header    magic, version and byte order in one number; the segment's digest; how many lines
//   lines     in index order, each a record with its path, link target and `at` behind it
//   checksum  packer/cache/summed.h
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "packer/cache/summed.h"
#include "packer/plan/segment_lines.h"

namespace kontext {

// Gives the file's bytes in pieces to `out`.
void WriteLinesFile(const Digest& segment, std::span<const IndexEntry> lines,
                    const std::function<void(std::string_view)>& out);

// Gives the lines of such a file one by one, holding a window of it.
class LinesFileReader {
 public:
  // `size`: of the file, which `read` reads from its beginning. It knows nothing when that is of
  // another version or byte order, or of another segment.
  LinesFileReader(const Digest& segment, SummedReader::ReadNext read, uint64_t size);

  // How many there are to come, as far as can be told before they are read.
  uint64_t count() const { return lines_; }
  // The next one; its views are valid until the next call. False: there is none.
  bool Next(IndexEntry* line);
  // After the last one: was that all, and undamaged? Until then no line is to be believed.
  bool Finish();

 private:
  SummedReader bytes_;
  bool known_ = false;
  uint64_t lines_ = 0;
};

// All of them. Nothing when the bytes are damaged or not of this segment.
std::optional<SegmentLines> ReadLinesFile(const Digest& segment, SummedReader::ReadNext read,
                                          uint64_t size);

}  // namespace kontext
