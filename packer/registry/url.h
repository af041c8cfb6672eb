// URLs as registries give them, and where a request may be sent on to.
#pragma once

#include <string>
#include <string_view>

namespace kontext {

struct Url {
  std::string text;    // the whole of it, normalized, without user and password
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an IPv6 address without its brackets
  std::string port;    // "5000"; the scheme's own when the text has none
};

// An absolute http or https URL. Throws Error(kFormat).
Url ParseUrl(const std::string& text);

// `location` as it reads when given by `base` (RFC 3986, section 5). Keeps the query.
Url ResolveUrl(const Url& base, const std::string& location);

bool SameOrigin(const Url& a, const Url& b);

// "localhost", 127.0.0.0/8, ::1. IPv6 with or without brackets.
bool IsLoopbackHost(std::string_view host);

// The same for "host:port", as in a Reference.
bool IsLoopbackRegistry(const std::string& registry);

// A loopback host, or a literal address that is private, link-local or unspecified.
bool IsPrivateHost(std::string_view host);

// Why what was sent to `from` must not go on to `to`, which `from` named; null when it may. Keeps
// a registry from reaching into its clients' networks, and from stripping TLS.
const char* HopProblem(const Url& from, const Url& to);

// The same for content to upload: another host must be reached by https.
const char* UploadHopProblem(const Url& from, const Url& to);

// For messages and a trace: user, password and the values of query parameters that may be secrets
// are blanked, what is not printable is escaped, a fragment is left out. At most about 1000 bytes.
std::string RedactUrl(const std::string& url);

}  // namespace kontext
