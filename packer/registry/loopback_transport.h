// Registries on this machine: most speak plain HTTP, some do not.
#pragma once

#include <memory>
#include <string>

#include "packer/registry/transport.h"

namespace kontext {

// A Transport that sends requests for http://REGISTRY by https from the moment on that the server
// there says so (Go's and nginx's answer to plain HTTP on a port with TLS: 400 and a sentence). For
// a registry on loopback only; what is sent before that answer carries no credentials.
std::unique_ptr<Transport> NewLoopbackTransport(std::unique_ptr<Transport> inner,
                                                const std::string& registry);

}  // namespace kontext
