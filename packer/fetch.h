// Reading layers out of a store.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "packer/image/descriptor.h"
#include "packer/pack/tar_reader.h"
#include "packer/staging.h"
#include "packer/store/store.h"

namespace kontext {

// Streams a layer, unpacked, to `visitor` for as long as `more` says so before each piece; read to
// its end, its digest is checked too. `unpacked`, which may be empty, sees the bytes of the tar.
// Gives the compressed bytes that were read. Throws Error, naming the layer.
uint64_t ReadLayer(Store* store, const Descriptor& layer, TarVisitor* visitor,
                   const std::function<bool()>& more,
                   const std::function<void(std::string_view)>& unpacked = {});

// A content that a layer holds.
struct WantedObject {
  Digest sha256{};
  uint64_t size = 0;
  std::string subject;  // the file that it is for, for messages
};

// By their path in the layer's tar.
using WantedObjects = std::map<std::string, WantedObject>;

// Brings contents from a layer to the staging area, and reads no more of the layer than that takes.
// Gives the compressed bytes that were read. Throws Error when one is missing or is not what its
// digest says, naming file and layer. `stopped` may be empty.
uint64_t FetchObjects(Store* store, const Descriptor& layer, const WantedObjects& wanted,
                      Staging* staging, const std::function<bool()>& stopped);

}  // namespace kontext
