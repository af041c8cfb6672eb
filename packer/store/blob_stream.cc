#include "packer/store/blob_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "packer/error.h"
#include "packer/hash.h"
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

void CopyBlob(const Descriptor& blob, const BlobSource& source,
              const std::function<void(std::string_view)>& take) {
  Hasher hasher;
  uint64_t copied = 0;
  auto buffer = std::make_unique<char[]>(kBuffer);
  std::unique_ptr<BlobReader> reader = source.Open(0);
  while (size_t got = reader->Read(buffer.get(), kBuffer)) {
    hasher.Update(buffer.get(), got);
    copied += got;
    if (copied > blob.size) break;
    take({buffer.get(), got});
  }
  std::string digest = hasher.FinishString();
  if (copied == blob.size && digest == blob.digest) return;
  throw Error(ErrorKind::kChanged,
              fmt::format("what was to be stored is {}, {} bytes", digest, copied));
}

}  // namespace kontext
