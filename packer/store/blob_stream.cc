#include "packer/store/blob_stream.h"

#include <algorithm>
#include <memory>

#include "packer/store/checked_sink.h"

namespace kontext {
namespace {

constexpr size_t kBuffer = 256 * 1024;

}  // namespace

void StreamBlob(const std::string& name, const Descriptor& blob, const BlobSource& source,
                uint64_t limit, const BlobSink& sink) {
  uint64_t wanted = WantedBytes(blob, limit);
  CheckedSink checked(name, blob, wanted, sink);
  auto buffer = std::make_unique<char[]>(kBuffer);
  std::unique_ptr<BlobReader> reader = source.Open(0);
  for (uint64_t left = wanted; left > 0;) {
    size_t got = reader->Read(buffer.get(), std::min<uint64_t>(left, kBuffer));
    if (got == 0 || !checked.Take({buffer.get(), got})) break;
    left -= got;
  }
  checked.Finish();
}

}  // namespace kontext
