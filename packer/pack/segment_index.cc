#include "packer/pack/segment_index.h"

#include <string>

#include "common/index_writer.h"
#include "packer/hash.h"
#include "packer/pack/layer_items.h"

namespace kontext {
namespace {

// So large that what is done for each piece costs nothing, so small that it stays in the cache.
constexpr size_t kPiece = size_t{32} << 10;

}  // namespace

void WriteIndex(const Segment& segment, const std::function<void(std::string_view)>& sink) {
  std::string piece;
  ByteSink append{&piece, [](void* context, const char* data, size_t size) {
                    static_cast<std::string*>(context)->append(data, size);
                  }};
  auto add = [&](const IndexEntry& line) {
    WriteIndexLine(line, append);
    if (piece.size() < kPiece) return;
    sink(piece);
    piece.clear();
  };
  for (const IndexEntry& line : ObjectLines(segment)) add(line);
  for (const IndexEntry& line : segment.lines) add(line);
  if (!piece.empty()) sink(piece);
}

IndexId IdOfIndex(const Segment& segment) {
  IndexId id;
  Hasher hasher;
  WriteIndex(segment, [&](std::string_view piece) {
    hasher.Update(piece);
    id.size += piece.size();
  });
  id.digest = hasher.Finish();
  return id;
}

}  // namespace kontext
