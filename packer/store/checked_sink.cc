#include "packer/store/checked_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "packer/error.h"

namespace kontext {

CheckedSink::CheckedSink(std::string name, const Descriptor& blob, uint64_t wanted,
                         const BlobSink& sink)
    : name_(std::move(name)), blob_(blob), wanted_(wanted), sink_(sink) {}

bool CheckedSink::Take(std::string_view bytes) {
  if (bytes.size() > wanted_ - taken_) {
    Fail(fmt::format("it is longer than its {} bytes", blob_.size));
  }
  hasher_.Update(bytes.data(), bytes.size());
  taken_ += bytes.size();
  hung_up_ = !sink_(bytes);
  return !hung_up_;
}

void CheckedSink::Finish() {
  if (taken_ < wanted_) {
    if (hung_up_) return;
    Fail(fmt::format("it ends after {} of {} bytes", taken_, blob_.size));
  }
  if (taken_ < blob_.size) return;
  std::string digest = hasher_.FinishString();
  if (digest != blob_.digest) Fail(fmt::format("its content is {}", digest));
}

void CheckedSink::Fail(const std::string& problem) const {
  throw Error(ErrorKind::kFormat,
              fmt::format("{}: blob {}: damaged: {}", name_, blob_.digest, problem));
}

uint64_t WantedBytes(const Descriptor& blob, uint64_t limit) {
  return limit == 0 ? blob.size : std::min(limit, blob.size);
}

}  // namespace kontext
