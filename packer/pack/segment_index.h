// The text of a segment's index (FORMAT.md, "Segment index"): its object lines, then its lines. It
// is made again wherever it is needed: kept, that of a large tree would take more memory than all
// else.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "common/digest.h"
#include "packer/plan/delta.h"

namespace kontext {

// Gives the text in pieces, in order.
void WriteIndex(const Segment& segment, const std::function<void(std::string_view)>& sink);

struct IndexId {
  Digest digest{};  // of the text: its name
  uint64_t size = 0;
};

IndexId IdOfIndex(const Segment& segment);

}  // namespace kontext
