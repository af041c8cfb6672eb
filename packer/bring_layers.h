// Brings what a directory lacks of an image from its layers, several layers at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "packer/fetch.h"
#include "packer/image_reader.h"
#include "packer/session.h"

namespace kontext {

struct BringOptions {
  // Asked now and then, from any thread; true ends it with an Error. May be empty.
  std::function<bool()> stop;
  // Told of layers' bytes, by one thread at a time. May be empty.
  std::function<void(const char* phase, uint64_t done, uint64_t total)> progress;
};

// `plan`: what each layer has to give, by its segment's number in `image`. As many layers are on
// their way at once as the store takes. Gives the compressed bytes that were read. Throws Error,
// naming the reference unless the trouble is a local file's.
uint64_t BringLayers(const Session& session, const KnownImage& image,
                     const std::map<size_t, WantedObjects>& plan, Staging* staging,
                     const BringOptions& options);

}  // namespace kontext
