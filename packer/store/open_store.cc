#include <fmt/format.h>

#include "packer/error.h"
#include "packer/registry/wait_warning.h"
#include "packer/store/archive_store.h"
#include "packer/store/daemon_store.h"
#include "packer/store/layout_store.h"
#include "packer/store/registry_store.h"
#include "packer/store/store.h"

namespace kontext {

namespace {

RetryPolicy RetriesOf(const Reference& reference, const StoreOptions& options) {
  RetryPolicy retry;
  retry.tries = options.retries + 1;
  retry.on_wait = WarnOfWaits(reference.registry, options.warn);
  return retry;
}

}  // namespace

std::unique_ptr<Store> OpenStore(const Reference& reference, const StoreOptions& options) {
  switch (reference.destination) {
    case Destination::kRegistry:
      return OpenRegistry(reference, options, nullptr, RetriesOf(reference, options));
    case Destination::kOciLayout:
      return OpenLayout(reference, options);
    case Destination::kDockerArchive:
      return OpenArchive(reference, options);
    case Destination::kDockerDaemon:
      return OpenDaemon(reference, options);
  }
  throw Error(ErrorKind::kUsage,
              fmt::format("{}: no such kind of destination", reference.ToString()));
}

}  // namespace kontext
