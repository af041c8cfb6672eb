#include "packer/registry/registry_transport.h"

#include <string>
#include <utility>

#include "packer/registry/auth_transport.h"
#include "packer/registry/loopback_transport.h"
#include "packer/registry/url.h"

namespace kontext {

std::unique_ptr<Transport> NewRegistryTransport(CurlOptions curl, AuthOptions auth) {
  std::string registry = auth.registry;
  std::unique_ptr<Transport> transport =
      NewAuthTransport(NewCurlTransport(std::move(curl)), std::move(auth));
  if (!IsLoopbackRegistry(registry)) return transport;
  return NewLoopbackTransport(std::move(transport), registry);
}

}  // namespace kontext
