// A Transport that authenticates.
#pragma once

#include <memory>

#include "packer/registry/authenticator.h"
#include "packer/registry/transport.h"

namespace kontext {

// A Transport around `inner` that authenticates with what an Authenticator says. The final refusal
// carries Authenticator::Explain as its hint, and no secrets in its body.
std::unique_ptr<Transport> NewAuthTransport(std::unique_ptr<Transport> inner, AuthOptions options);

}  // namespace kontext
