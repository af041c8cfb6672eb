// A segment's lines as bytes that are looked up without parsing.
//
// In this machine's byte order, no padding:
//
//   header    magic, version and byte order in one number; counts; the segment's digest
//   records   one a line, in index order
//   contents  places of the lines that are about content, by the digest's first eight bytes
//   text      each line's path, link target and `at`, in the same order, nothing between
//   checksum  packer/cache/summed.h
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "packer/cache/cache_dir.h"
#include "packer/plan/line_lookup.h"
#include "packer/plan/segment_lines.h"

namespace kontext {

// A look into such a file.
class LinesFile : public LineLookup {
 public:
  // Gives the bytes of one in pieces to `out`.
  static void Write(const Digest& segment, std::span<const IndexEntry> lines,
                    const std::function<void(std::string_view)>& out);
  // Nothing when the bytes are damaged, of another version or byte order, or of another segment.
  static std::optional<LinesFile> Open(const Digest& segment, CachedBytes bytes);

  size_t size() const override { return lines_; }
  IndexEntry Line(size_t i) const override;
  size_t objects() const override { return objects_; }
  std::vector<size_t> LinesWith(const Digest& content) const override;
  HeldBytes Held() const override;

  // All of them; their text stays where it is, and is there as long as they are.
  SegmentLines All() const;

 private:
  struct Record;

  explicit LinesFile(CachedBytes bytes) : bytes_(std::move(bytes)) {}
  bool Read(const Digest& segment);
  bool HoldsTogether() const;
  Record RecordAt(size_t i) const;
  size_t PlaceAt(size_t i) const;

  CachedBytes bytes_;
  Digest segment_{};
  size_t lines_ = 0, objects_ = 0, contents_ = 0;
  std::string_view records_, places_, text_;
};

}  // namespace kontext
