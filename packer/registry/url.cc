#include "packer/registry/url.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <memory>

#include "packer/error.h"
#include "packer/registry/curl_library.h"
#include "packer/registry/text.h"

namespace kontext {
namespace {

constexpr size_t kMaxShown = 1000;

struct FreeUrl {
  void operator()(CURLU* url) const { Curl().url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, FreeUrl>;

UrlHandle NewUrl() {
  UrlHandle url(Curl().url());
  if (url == nullptr) throw std::bad_alloc();
  return url;
}

void SetUrl(CURLU* url, const std::string& text) {
  CURLUcode code = Curl().url_set(url, CURLUPART_URL, text.c_str(), CURLU_URLENCODE);
  if (code == CURLUE_OK) return;
  throw Error(ErrorKind::kFormat, fmt::format("\"{}\" is not a usable URL: {}", RedactUrl(text),
                                              Curl().url_strerror(code)));
}

std::string Part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (Curl().url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  std::string result(text);
  Curl().free(text);
  return result;
}

Url Normalize(CURLU* handle) {
  // What a registry's answer says is no place for credentials.
  Curl().url_set(handle, CURLUPART_USER, nullptr, 0);
  Curl().url_set(handle, CURLUPART_PASSWORD, nullptr, 0);
  Curl().url_set(handle, CURLUPART_FRAGMENT, nullptr, 0);
  char* text = nullptr;
  if (Curl().url_get(handle, CURLUPART_URL, &text, 0) != CURLUE_OK) {
    throw Error(ErrorKind::kFormat, "a URL without a host");
  }
  Url url;
  url.text = text;
  Curl().free(text);
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
  // RFC 6890: this network, private, shared, link-local, protocols', benchmarks'; multicast and
  // all above it.
  constexpr Range kPrivate[] = {{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10},
                                {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24},
                                {0xc0a80000, 16}, {0xc6120000, 15}, {0xe0000000, 3}};
  if (address >> 24 == 127) return Reach::kLoopback;
  for (const Range& range : kPrivate) {
    if ((address ^ range.base) >> (32 - range.bits) == 0) return Reach::kPrivate;
  }
  return Reach::kPublic;
}

// An IPv6 address of which `prefix` gives the first bits.
struct V6Range {
  std::array<uint8_t, 16> prefix;
  int bits;

  bool Has(const std::array<uint8_t, 16>& a) const {
    int whole = bits / 8, rest = bits % 8;
    if (!std::equal(a.begin(), a.begin() + whole, prefix.begin())) return false;
    return rest == 0 || (a[whole] ^ prefix[whole]) >> (8 - rest) == 0;
  }
};

Reach ReachOfV6(const std::array<uint8_t, 16>& a) {
  auto v4_at = [&](size_t i) {
    return ReachOfV4(uint32_t{a[i]} << 24 | a[i + 1] << 16 | a[i + 2] << 8 | a[i + 3]);
  };
  constexpr V6Range kLoopback{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128};
  if (kLoopback.Has(a)) return Reach::kLoopback;
  // IPv4-mapped and -translated (RFC 4291, RFC 2765), NAT64 (RFC 6052): they lead to an IPv4
  // address, their last four bytes.
  constexpr V6Range kV4[] = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96},
                             {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}, 96},
                             {{0, 0x64, 0xff, 0x9b}, 96}};
  for (const V6Range& range : kV4) {
    if (range.Has(a)) return v4_at(12);
  }
  if (a[0] == 0x20 && a[1] == 0x02) return v4_at(2);  // 6to4 (RFC 3056)
  // Unspecified and the retired ::a.b.c.d, local NAT64 (RFC 8215), Teredo, unique local,
  // link-local, the retired site-local, multicast.
  constexpr V6Range kPrivate[] = {{{}, 96},
                                  {{0, 0x64, 0xff, 0x9b, 0, 1}, 48},
                                  {{0x20, 0x01, 0, 0}, 32},
                                  {{0xfc}, 7},
                                  {{0xfe, 0x80}, 10},
                                  {{0xfe, 0xc0}, 10},
                                  {{0xff}, 8}};
  bool is_private = std::any_of(std::begin(kPrivate), std::end(kPrivate),
                                [&](const V6Range& range) { return range.Has(a); });
  return is_private ? Reach::kPrivate : Reach::kPublic;
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

// A URL is printable ASCII (RFC 3986); all else as it should stand there.
std::string Printable(std::string_view url) {
  std::string text;
  for (char c : url)
    text += c > ' ' && c < 0x7f ? std::string(1, c)
                                : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return text;
}

std::string RedactQuery(std::string_view query) {
  std::string result;
  for (size_t begin = 0; begin <= query.size();) {
    size_t end = std::min(query.find_first_of("&;", begin), query.size());
    std::string_view field = query.substr(begin, end - begin);
    size_t equals = field.find('=');
    std::string_view name = field.substr(0, equals);
    if (begin > 0) result += query[begin - 1];
    if (field.empty() || IsPlainParameter(name)) {
      result += field;
    } else {
      result += equals == field.npos ? "***" : fmt::format("{}=***", name);
    }
    begin = end + 1;
  }
  return result;
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

bool IsLoopbackRegistry(const std::string& registry) {
  bool bracketed = registry.starts_with('[');
  std::string host = registry.substr(0, registry.find(bracketed ? ']' : ':'));
  if (bracketed) return IsLoopbackHost(host + ']');
  in_addr v4;
  // Also "127.1" and "0x7f000001", as libcurl reads them.
  if (inet_aton(host.c_str(), &v4) != 0) return ReachOfV4(ntohl(v4.s_addr)) == Reach::kLoopback;
  return IsLoopbackHost(host);
}

bool IsPrivateHost(std::string_view host) { return ReachOf(host) != Reach::kPublic; }

const char* HopProblem(const Url& from, const Url& to) {
  if (from.scheme == "https" && to.scheme == "http") return "it leads from https to http";
  if (from.host == to.host) return nullptr;
  if (IsLoopbackHost(to.host) && !IsLoopbackHost(from.host)) {
    return "it leads from another host to this machine";
  }
  if (IsPrivateHost(to.host) && !IsLoopbackHost(to.host)) {
    return "it leads to a private address of another host";
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
  std::string result = Printable(std::string_view(url).substr(0, url.find('#')));
  // Also "//user:password@host", which takes over the scheme, and one that was forgotten.
  size_t slashes = result.find("//");
  bool has_authority = slashes == 0 || (slashes != std::string::npos && result[slashes - 1] == ':');
  size_t authority = has_authority ? slashes + 2 : 0;
  size_t end = std::min(result.find_first_of("/?", authority), result.size());
  size_t at = end > authority ? result.rfind('@', end - 1) : std::string::npos;
  if (at != std::string::npos && at >= authority) result.replace(authority, at - authority, "***");
  size_t question = result.find('?');
  if (question != std::string::npos) {
    result = result.substr(0, question + 1) + RedactQuery(result.substr(question + 1));
  }
  if (result.size() > kMaxShown) result = result.substr(0, kMaxShown) + "…";
  return result;
}

}  // namespace kontext
