// A segment's lines as bytes that are read back without parsing.
//
// In this machine's byte order, no padding:
//
//   header    magic, version and byte order in one number; the segment's digest; counts
//   records   one a line, in index order
//   text      each line's path, link target and `at`, in the same order, nothing between
//   checksum  packer/cache/summed.h
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "packer/plan/segment_lines.h"

namespace kontext {

// Gives the file's bytes in pieces to `out`.
void WriteLinesFile(const Digest& segment, std::span<const IndexEntry> lines,
                    const std::function<void(std::string_view)>& out);

// Nothing when the bytes are damaged, of another version or byte order, or of another segment. The
// lines' text stays in `bytes`, which they then own.
std::optional<SegmentLines> ReadLinesFile(const Digest& segment, std::unique_ptr<char[]> bytes,
                                          size_t size);

}  // namespace kontext
