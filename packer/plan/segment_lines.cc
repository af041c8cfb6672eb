#include "packer/plan/segment_lines.h"

#include <algorithm>

#include "common/index_reader.h"
#include "packer/error.h"
#include "packer/hash.h"
#include "packer/plan/text_source.h"

namespace kontext {
void ForEachLine(const SegmentIndex& segment,
                 const std::function<void(const IndexEntry& line)>& take) {
  TextSource source{segment.lines};
  IndexReader reader;
  reader.Open({&source, &TextSource::Read});
  IndexEntry line;
  ReadResult result;
  while ((result = reader.Next(&line)) == ReadResult::kEntry) take(line);
  if (result == ReadResult::kError) {
    throw Error(ErrorKind::kFormat, "segment " + ToString(segment.digest) + ", line " +
                                        std::to_string(reader.line()) + ": " + reader.problem());
  }
}

SegmentLines SegmentLines::Read(const SegmentIndex& index) {
  SegmentLines read;
  read.digest = index.digest;
  read.lines.reserve(static_cast<size_t>(std::count(index.lines.begin(), index.lines.end(), '\n')));
  ForEachLine(index, [&](const IndexEntry& line) { read.Add(line); });
  return read;
}

void SegmentLines::Add(const IndexEntry& line) {
  IndexEntry& kept = lines.emplace_back(line);
  kept.path = text.Keep(line.path);
  kept.target = text.Keep(line.target);
  kept.at = text.Keep(line.at);
}

}  // namespace kontext
