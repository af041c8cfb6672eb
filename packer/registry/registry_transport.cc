#include "packer/registry/registry_transport.h"

#include <string>
#include <string_view>
#include <utility>

#include "packer/registry/auth_transport.h"
#include "packer/registry/loopback_transport.h"
#include "packer/registry/url.h"

namespace kontext {

std::unique_ptr<Transport> NewRegistryTransport(CurlOptions curl, AuthOptions auth) {
  std::string registry = auth.registry;
  if (curl.trace) {
    // A URL that the registry leads to may quote what it was sent.
    curl.trace = [show = std::move(curl.trace), secrets = auth.secrets](std::string_view line) {
      show(secrets->Hide(std::string(line)));
    };
  }
  std::unique_ptr<Transport> transport =
      NewAuthTransport(NewCurlTransport(std::move(curl)), std::move(auth));
  if (!IsLoopbackRegistry(registry)) return transport;
  return NewLoopbackTransport(std::move(transport), registry);
}

}  // namespace kontext
