#include "packer/registry/no_proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "packer/registry/text.h"

namespace kontext {
namespace {

struct Entry {
  std::string host;
  std::string port;  // empty: any
};

// "r.io:443", "[::1]:443", "::1", ".r.io".
Entry ParseEntry(std::string_view text) {
  Entry entry;
  bool bracketed = text.starts_with('[');
  size_t host_end = bracketed ? text.find(']') : text.find(':');
  bool bare_ipv6 = !bracketed && std::count(text.begin(), text.end(), ':') > 1;
  if (bare_ipv6 || host_end == std::string_view::npos) host_end = text.size();
  entry.host = LowerCase(text.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0)));
  size_t colon = text.find(':', host_end);
  if (colon != std::string_view::npos) entry.port = text.substr(colon + 1);
  if (entry.host.starts_with("*.")) entry.host.erase(0, 1);
  if (entry.host.starts_with('.')) entry.host.erase(0, 1);
  if (entry.host.ends_with('.')) entry.host.pop_back();
  return entry;
}

// Its bytes in the order of the network: 4 or 16.
std::optional<std::string> AddressOf(const std::string& text) {
  std::array<char, sizeof(in6_addr)> bytes;
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    return std::string(bytes.data(), sizeof(in_addr));
  }
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
    return std::string(bytes.data(), sizeof(in6_addr));
  }
  return std::nullopt;
}

// "10.0.0.0/8", "fd00::/8".
bool IsInRange(const std::string& range, const std::string& host) {
  size_t slash = range.find('/');
  if (slash == std::string::npos) return false;
  std::optional<std::string> base = AddressOf(range.substr(0, slash)), address = AddressOf(host);
  if (!base || !address || base->size() != address->size()) return false;
  size_t bits = 0;
  auto [end, error] = std::from_chars(range.data() + slash + 1, range.data() + range.size(), bits);
  bool good = error == std::errc() && end == range.data() + range.size();
  if (!good || bits > base->size() * 8) return false;
  size_t whole = bits / 8, rest = bits % 8;
  if (address->compare(0, whole, *base, 0, whole) != 0) return false;
  auto differ = [&](size_t i) { return static_cast<uint8_t>((*base)[i] ^ (*address)[i]); };
  return rest == 0 || differ(whole) >> (8 - rest) == 0;
}

bool Matches(const Entry& entry, const Url& url) {
  if (!entry.port.empty() && entry.port != url.port) return false;
  if (entry.host == "*" || url.host == entry.host) return true;
  if (IsInRange(entry.host, url.host)) return true;
  return !entry.host.empty() && url.host.ends_with("." + entry.host);
}

}  // namespace

bool IsExcepted(std::string_view list, const Url& url) {
  constexpr std::string_view kSeparators = ", \t";
  for (size_t begin = 0; begin < list.size();) {
    size_t end = std::min(list.find_first_of(kSeparators, begin), list.size());
    std::string_view text = list.substr(begin, end - begin);
    if (!text.empty() && Matches(ParseEntry(text), url)) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace kontext
