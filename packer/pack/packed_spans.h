// What each content of a layer takes of it, once it is compressed. A block's size is known; how it
// divides among the contents that it holds parts of is an estimate by their bytes' diversity. The
// same on any machine and with any number of threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "packer/pack/compressed_writer.h"
#include "packer/plan/packed_sizes.h"

namespace kontext {

// What to expect of a content when it is compressed beside others. Looks at a sixteenth of it.
class Gauge {
 public:
  void Add(std::string_view bytes);
  // About what is left of its bytes: 0 for one byte again and again, to 1 for noise. Source text is
  // at 0.2 to 0.3. Then it begins anew.
  double Take();

 private:
  uint64_t seen_ = 0;
  std::array<uint32_t, 256> counts_{};
};

struct ContentSpan {
  uint64_t bytes;       // of the content
  uint64_t begin, end;  // where it is in the archive, with its header
  double gauge;
};

// Both in ascending order; blocks have bytes and leave out none.
std::vector<PackedContent> DividePacked(const std::vector<ContentSpan>& spans,
                                        const std::vector<BlockEnd>& blocks);

}  // namespace kontext
