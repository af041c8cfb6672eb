// Fetching one blob (distribution specification 1.1, "Pulling blobs").
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "packer/image/descriptor.h"
#include "packer/registry/endpoint.h"

namespace kontext {

// Hands the first `wanted` bytes of the blob to `sink`, each once and in order, until it says
// false or they end; a broken connection is taken up again where it broke. Fewer may come, when
// the registry has fewer; never more. Does not check the digest. Throws Error.
void DownloadBlob(const Endpoint& endpoint, const Descriptor& blob, uint64_t wanted,
                  const std::function<bool(std::string_view)>& sink);

}  // namespace kontext
