// The way to a registry with all that lies between: certificates, schemes, authentication.
#pragma once

#include <memory>

#include "packer/registry/authenticator.h"
#include "packer/registry/curl_transport.h"
#include "packer/registry/transport.h"

namespace kontext {

// HTTP by libcurl that authenticates. Does not retry.
std::unique_ptr<Transport> NewRegistryTransport(CurlOptions curl, AuthOptions auth);

}  // namespace kontext
