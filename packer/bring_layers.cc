#include "packer/bring_layers.h"

#include <mutex>
#include <string>
#include <vector>

#include "packer/error.h"
#include "packer/in_parallel.h"

namespace kontext {
namespace {

uint64_t FetchFrom(const Session& session, const Descriptor& layer, const WantedObjects& wanted,
                   Staging* staging, const std::function<bool()>& stop) {
  try {
    return FetchObjects(session.store.get(), layer, wanted, staging, stop);
  } catch (const Error& error) {
    std::string problem = error.what();
    std::string name = session.reference.ToString();
    bool is_local = error.kind() != ErrorKind::kFormat;
    if (is_local || problem.find(name) != std::string::npos) throw;
    throw Error(error.kind(), name + ": " + problem);
  }
}

}  // namespace

uint64_t BringLayers(const Session& session, const KnownImage& image,
                     const std::map<size_t, WantedObjects>& plan, Staging* staging,
                     const BringOptions& options) {
  struct Part {
    const Descriptor* layer;
    const WantedObjects* wanted;
  };
  std::vector<Part> parts;
  uint64_t total = 0;
  for (const auto& [segment, wanted] : plan) {
    parts.push_back({&image.segments[segment].layer, &wanted});
    total += parts.back().layer->size;
  }
  std::mutex mutex;
  uint64_t done = 0;
  uint64_t fetched = 0;
  if (options.progress) options.progress("fetch", 0, total);
  InParallel(parts.size(), session.store->Parallel(), [&](size_t i) {
    uint64_t bytes = FetchFrom(session, *parts[i].layer, *parts[i].wanted, staging, options.stop);
    std::lock_guard lock(mutex);
    fetched += bytes;
    done += parts[i].layer->size;
    if (options.progress) options.progress("fetch", done, total);
  });
  return fetched;
}

}  // namespace kontext
