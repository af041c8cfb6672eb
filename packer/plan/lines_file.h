// A segment's lines as bytes that are read back without parsing.
//
// In this machine's byte order, no padding:
//
//   header   magic, version and byte order in one number; the segment's digest; counts; a checksum
//            of all that is not the checksum
//   records  one a line, in index order
//   text     each line's path, link target and `at`, in the same order, nothing between
//
// The checksum is against damage, not malice: such files are kept where nobody else may write.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "packer/plan/segment_lines.h"

namespace kontext {

// The file's bytes: header and records, then text.
struct LinesFile {
  std::string fixed;
  std::string text;
};

LinesFile WriteLinesFile(const Digest& segment, std::span<const IndexEntry> lines);

// Nothing when the bytes are damaged, of another version or byte order, or of another segment. The
// lines' text stays in `bytes`, which they then own.
std::optional<SegmentLines> ReadLinesFile(const Digest& segment, std::unique_ptr<char[]> bytes,
                                          size_t size);

}  // namespace kontext
