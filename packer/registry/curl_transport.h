// The Transport over libcurl: one easy handle, its connections kept open between requests.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "packer/registry/transport.h"

namespace kontext {

struct CurlOptions {
  std::string user_agent = "kontext";           // "kontext/1.2.3"
  std::function<void(std::string_view)> trace;  // one line per request and answer; may be empty
};

// One thread at a time. Takes certificates from SSL_CERT_FILE and SSL_CERT_DIR where these are
// set, and proxies from HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Besides Error(kNetwork), throws
// Error(kRegistry) for a certificate or a redirect that must not be trusted, and Error(kFormat)
// for headers or a body past their bounds. An exception of a body source or a sink passes through.
std::unique_ptr<Transport> NewCurlTransport(CurlOptions options);

}  // namespace kontext
