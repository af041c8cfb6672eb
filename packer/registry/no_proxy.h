// NO_PROXY: what is reached without a proxy.
#pragma once

#include <string_view>

#include "packer/registry/url.h"

namespace kontext {

// Does the list except `url`? Its entries, between commas or blanks, are "*", a host or domain
// ("r.io" and ".r.io" and "*.r.io": it and all below it), an address, or any of these with ":PORT",
// or a range of addresses ("10.0.0.0/8", "fd00::/8").
bool IsExcepted(std::string_view list, const Url& url);

}  // namespace kontext
