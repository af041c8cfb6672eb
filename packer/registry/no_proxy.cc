#include "packer/registry/no_proxy.h"

#include <algorithm>
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

bool Matches(const Entry& entry, const Url& url) {
  if (!entry.port.empty() && entry.port != url.port) return false;
  if (entry.host == "*" || url.host == entry.host) return true;
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
