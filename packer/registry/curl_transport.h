// The Transport over libcurl: one multi handle, its connections kept open between requests.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "packer/registry/tls_files.h"
#include "packer/registry/transport.h"

namespace kontext {

struct CurlOptions {
  std::string user_agent = "kontext";           // "kontext/1.2.3"
  std::function<void(std::string_view)> trace;  // one line per request and answer; may be empty
  bool insecure_tls = false;                    // take any certificate
  std::string unix_socket;                      // instead of the URL's host; empty: none
  long stall_seconds = 60;                      // with next to nothing on the way: given up then
  std::vector<std::string> tls_folders = TlsFolders();  // certs.d, see tls_files.h
};

// Any number of threads at once; `trace` is called by one after the other. Sinks, on_answer and
// body sources are called in a thread of its own while the sender waits: they must not send
// anything. Takes certificates from SSL_CERT_FILE and SSL_CERT_DIR where these are set, else the
// system's, and a host's own from certs.d; proxies from HTTPS_PROXY, http_proxy (in lower case
// only: a CGI server sets the other by a header) and NO_PROXY. Speaks HTTP/2 where it is offered. A
// trace shows no secrets. Besides Error(kNetwork), throws Error(kRegistry) for a certificate or a
// redirect that must not be trusted, Error(kUsage) for certificates that cannot be read, and
// Error(kFormat) for headers or a body past their bounds. An exception of a body source or a sink
// passes through.
std::unique_ptr<Transport> NewCurlTransport(CurlOptions options);

}  // namespace kontext
