#include "packer/registry/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <memory>

#include "packer/error.h"
#include "packer/registry/text.h"

namespace kontext {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, FreeUrl>;

UrlHandle NewUrl() {
  UrlHandle url(curl_url());
  if (url == nullptr) throw std::bad_alloc();
  return url;
}

void SetUrl(CURLU* url, const std::string& text) {
  CURLUcode code = curl_url_set(url, CURLUPART_URL, text.c_str(), CURLU_URLENCODE);
  if (code == CURLUE_OK) return;
  throw Error(ErrorKind::kFormat, fmt::format("\"{}\" is not a usable URL: {}", RedactUrl(text),
                                              curl_url_strerror(code)));
}

std::string Part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  std::string result(text);
  curl_free(text);
  return result;
}

Url Normalize(CURLU* handle) {
  // What a registry's answer says is no place for credentials.
  curl_url_set(handle, CURLUPART_USER, nullptr, 0);
  curl_url_set(handle, CURLUPART_PASSWORD, nullptr, 0);
  curl_url_set(handle, CURLUPART_FRAGMENT, nullptr, 0);
  char* text = nullptr;
  if (curl_url_get(handle, CURLUPART_URL, &text, 0) != CURLUE_OK) {
    throw Error(ErrorKind::kFormat, "a URL without a host");
  }
  Url url;
  url.text = text;
  curl_free(text);
  url.scheme = Part(handle, CURLUPART_SCHEME);
  url.host = LowerCase(Part(handle, CURLUPART_HOST));
  url.port = Part(handle, CURLUPART_PORT);
  if (url.scheme != "http" && url.scheme != "https") {
    throw Error(ErrorKind::kFormat,
                fmt::format("\"{}\" is neither http nor https", RedactUrl(url.text)));
  }
  if (url.host.starts_with('[')) url.host = url.host.substr(1, url.host.size() - 2);
  if (url.host.ends_with('.')) url.host.pop_back();
  if (url.host.empty()) {
    throw Error(ErrorKind::kFormat, fmt::format("\"{}\" has no host", RedactUrl(url.text)));
  }
  return url;
}

enum class Reach { kLoopback, kPrivate, kPublic };

Reach ReachOfV4(uint32_t address) {
  struct Range {
    uint32_t base;
    int bits;
  };
  // RFC 6890: this network, private, shared, link-local.
  constexpr Range kPrivate[] = {{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10},
                                {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0a80000, 16}};
  if (address >> 24 == 127) return Reach::kLoopback;
  for (const Range& range : kPrivate) {
    if ((address ^ range.base) >> (32 - range.bits) == 0) return Reach::kPrivate;
  }
  return Reach::kPublic;
}

Reach ReachOfV6(const std::array<uint8_t, 16>& a) {
  bool zero10 = std::all_of(a.begin(), a.begin() + 10, [](uint8_t b) { return b == 0; });
  uint32_t low = uint32_t{a[12]} << 24 | a[13] << 16 | a[14] << 8 | a[15];
  if (zero10 && a[10] == 0xff && a[11] == 0xff) return ReachOfV4(low);  // ::ffff:a.b.c.d
  if (zero10 && a[10] == 0 && a[11] == 0) {
    return low == 1 ? Reach::kLoopback : Reach::kPrivate;  // ::, and the retired ::a.b.c.d
  }
  if ((a[0] & 0xfe) == 0xfc) return Reach::kPrivate;                  // fc00::/7
  if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80) return Reach::kPrivate;  // fe80::/10
  return Reach::kPublic;
}

Reach ReachOf(std::string_view host_text) {
  std::string host = LowerCase(std::string(host_text));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  host = host.substr(0, host.find('%'));  // an IPv6 zone
  if (host == "localhost" || host.ends_with(".localhost")) return Reach::kLoopback;
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ReachOfV4(ntohl(v4.s_addr));
  std::array<uint8_t, 16> v6;
  if (inet_pton(AF_INET6, host.c_str(), v6.data()) == 1) return ReachOfV6(v6);
  return Reach::kPublic;
}

bool IsPlainParameter(std::string_view name) {
  constexpr std::string_view kPlain[] = {"digest", "from",    "mount", "n",
                                         "last",   "service", "scope", "client_id"};
  return std::find(std::begin(kPlain), std::end(kPlain), name) != std::end(kPlain);
}

}  // namespace

Url ParseUrl(const std::string& text) {
  UrlHandle handle = NewUrl();
  SetUrl(handle.get(), text);
  return Normalize(handle.get());
}

Url ResolveUrl(const Url& base, const std::string& location) {
  UrlHandle handle = NewUrl();
  SetUrl(handle.get(), base.text);
  SetUrl(handle.get(), location);
  return Normalize(handle.get());
}

bool SameOrigin(const Url& a, const Url& b) {
  return a.scheme == b.scheme && a.host == b.host && a.port == b.port;
}

bool IsLoopbackHost(std::string_view host) { return ReachOf(host) == Reach::kLoopback; }

bool IsPrivateHost(std::string_view host) { return ReachOf(host) != Reach::kPublic; }

const char* HopProblem(const Url& from, const Url& to) {
  if (from.scheme == "https" && to.scheme == "http") return "it leads from https to http";
  if (from.host == to.host) return nullptr;
  if (IsLoopbackHost(to.host) && !IsLoopbackHost(from.host)) {
    return "it leads from another host to this machine";
  }
  if (IsPrivateHost(to.host) && !IsPrivateHost(from.host)) {
    return "it leads from a public host to a private address";
  }
  return nullptr;
}

const char* UploadHopProblem(const Url& from, const Url& to) {
  if (const char* problem = HopProblem(from, to)) return problem;
  bool local = IsLoopbackHost(from.host) && IsLoopbackHost(to.host);
  if (from.host == to.host || to.scheme == "https" || local) return nullptr;
  return "it leads to another host without https";
}

std::string RedactUrl(const std::string& url) {
  std::string result = url;
  size_t authority = result.find("://");
  if (authority != std::string::npos) {
    authority += 3;
    size_t end = std::min(result.find_first_of("/?#", authority), result.size());
    size_t at = end > authority ? result.rfind('@', end - 1) : std::string::npos;
    if (at != std::string::npos && at >= authority)
      result.replace(authority, at - authority, "***");
  }
  size_t question = result.find('?');
  if (question == std::string::npos) return result;
  std::string query = result.substr(question + 1);
  result.resize(question + 1);
  for (size_t begin = 0; begin <= query.size();) {
    size_t end = std::min(query.find('&', begin), query.size());
    std::string_view field = std::string_view(query).substr(begin, end - begin);
    std::string_view name = field.substr(0, field.find('='));
    if (begin > 0) result += '&';
    result +=
        IsPlainParameter(name) || name == field ? std::string(field) : fmt::format("{}=***", name);
    begin = end + 1;
  }
  return result;
}

}  // namespace kontext
