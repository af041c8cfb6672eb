// The index.json of an OCI image layout (image specification 1.1, image-layout.md): which manifest
// is under which tag. Pure. Throws Error(kFormat), with the reason only, for a text that is none.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "packer/image/descriptor.h"

namespace kontext {

// The manifest annotated "org.opencontainers.image.ref.name" = `tag`; nothing when there is none.
std::optional<Descriptor> FindTag(const std::string& index_json, const std::string& tag);

// `index_json` (empty: a new one) with `manifest` in the place of whatever was under `tag`.
// Everything else stays, fields that we do not know included.
std::string WithTag(const std::optional<std::string>& index_json, const Descriptor& manifest,
                    const std::string& tag);

// `index_json` without what is under a tag or has a digest; nothing when that is not there.
std::optional<std::string> Without(const std::string& index_json, const std::string& tag_or_digest);

// The SHA-256 digests that a document mentions, wherever: at least the blobs that it refers to.
std::set<std::string> DigestsIn(std::string_view document);

}  // namespace kontext
