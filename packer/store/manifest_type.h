// What kind of manifest a body is.
#pragma once

#include <string>
#include <string_view>

namespace kontext {

// The body's "mediaType"; where it has none, by what it holds ("manifests": an index, "layers": a
// manifest); else `otherwise`. Never throws for what the body is.
std::string ManifestMediaType(std::string_view body, const std::string& otherwise);

}  // namespace kontext
