// Takes a manifest, or one of its tags, out of a repository (distribution specification 1.1,
// "Content Management").
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "packer/registry/endpoint.h"

namespace kontext {

// The digest that a registry has under a tag or digest; nothing when there is none.
using FindDigest = std::function<std::optional<std::string>(const std::string& tag_or_digest)>;

// False when it is not there. Some registries delete by digest alone, and with it every tag of the
// image: that is done for a tag only where no other one is seen to have the digest. Throws
// Error(kRegistry) that says what to do where the registry does not delete.
bool DeleteManifest(const Endpoint& endpoint, const std::string& tag_or_digest,
                    const FindDigest& find);

// The names in the answer to a request for a repository's tags. Throws Error(kFormat), with the
// reason only.
std::vector<std::string> ReadTagList(std::string_view json);

}  // namespace kontext
