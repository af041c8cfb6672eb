#include "packer/bring_segments.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>

#include "packer/error.h"
#include "packer/in_parallel.h"
#include "packer/pack/unnamed_file.h"

namespace kontext {
namespace {

UniqueFd ReadToFile(Store* store, const Descriptor& layer) {
  UniqueFd file = OpenUnnamedFile();
  store->ReadBlob(layer, 0, [&](std::string_view bytes) {
    if (WriteAll(file.get(), bytes.data(), bytes.size())) return true;
    throw Error(ErrorKind::kIo,
                std::string("cannot write a temporary file: ") + std::strerror(errno));
  });
  return file;
}

// How many may be read at once: some of the stores take one call at a time.
size_t ReadersOf(const std::vector<const EarlierSegment*>& segments) {
  size_t most = segments.size();
  for (const EarlierSegment* segment : segments) {
    most = std::min(most, segment->from->store->Parallel());
  }
  return most;
}

}  // namespace

void BringSegments(const std::vector<const EarlierSegment*>& segments, Uploads* uploads) {
  Store* store = uploads->store();
  std::mutex mutex;
  std::vector<const EarlierSegment*> to_copy;
  InParallel(segments.size(), store->Parallel(), [&](size_t i) {
    const EarlierSegment* segment = segments[i];
    if (store->MountBlob(segment->known.layer, segment->from->reference)) return;
    std::lock_guard lock(mutex);
    to_copy.push_back(segment);
  });
  InParallel(to_copy.size(), ReadersOf(to_copy), [&](size_t i) {
    const Descriptor& layer = to_copy[i]->known.layer;
    UniqueFd file = ReadToFile(to_copy[i]->from->store.get(), layer);
    std::lock_guard lock(mutex);
    uploads->Add(layer, OwnFileBlob(std::move(file), layer.size));
  });
}

}  // namespace kontext
