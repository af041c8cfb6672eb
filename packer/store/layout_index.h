// The index.json of an OCI image layout (image specification 1.1, image-layout.md): which manifest
// is under which tag. Pure. Throws Error(kFormat), with the reason only, for a text that is none.
#pragma once

#include <optional>
#include <string>

#include "packer/image/descriptor.h"

namespace kontext {

// The manifest annotated "org.opencontainers.image.ref.name" = `tag`; nothing when there is none.
std::optional<Descriptor> FindTag(const std::string& index_json, const std::string& tag);

// `index_json` (empty: a new one) with `manifest` in the place of whatever was under `tag`.
// Everything else stays, fields that we do not know included.
std::string WithTag(const std::optional<std::string>& index_json, const Descriptor& manifest,
                    const std::string& tag);

}  // namespace kontext
