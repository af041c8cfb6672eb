// Lines files in memory.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "packer/lines_file.h"

namespace kontext {

inline std::string LinesFileOf(const SegmentLines& segment) {
  std::string bytes;
  LinesFile::Write(segment.digest, segment.lines, [&](std::string_view part) { bytes += part; });
  return bytes;
}

inline std::optional<LinesFile> OpenLinesFile(const Digest& segment, std::string_view bytes) {
  CachedBytes copy{{new char[bytes.size() + 1], std::default_delete<char[]>()}, bytes.size()};
  bytes.copy(copy.data.get(), bytes.size());
  return LinesFile::Open(segment, std::move(copy));
}

inline LinesFile OpenLinesFile(const SegmentLines& segment) {
  return *OpenLinesFile(segment.digest, LinesFileOf(segment));
}

}  // namespace kontext
