#include "packer/registry/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "common/digest.h"
#include "packer/error.h"

namespace kontext {
namespace {

constexpr std::string_view kDockerTransport = "docker://";
constexpr std::string_view kLayoutTransport = "oci:";
constexpr std::string_view kArchiveTransport = "docker-archive:";
constexpr std::string_view kDaemonTransport = "docker-daemon:";
constexpr std::string_view kHubHost = "registry-1.docker.io";  // serves the API of docker.io
constexpr std::string_view kHubName = "docker.io";
constexpr std::string_view kHubLegacyName = "index.docker.io";
constexpr std::string_view kDefaultTag = "latest";
// Both from github.com/distribution/reference.
constexpr size_t kMaxName = 255;
constexpr size_t kMaxTag = 128;

// Of containers-transports(5): what users of skopeo may try here.
constexpr std::string_view kOtherTransports[] = {"oci-archive:", "containers-storage:"};

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWord(char c) { return IsLower(c) || IsUpper(c) || IsDigit(c) || c == '_'; }

[[noreturn]] void Fail(std::string_view text, std::string_view problem) {
  throw Error(ErrorKind::kUsage, fmt::format("reference \"{}\": {}", text, problem));
}

// Empty: nothing is wrong.
std::string TagProblem(std::string_view tag) {
  if (tag.empty()) return "the tag after ':' is empty";
  if (tag.size() > kMaxTag) return fmt::format("the tag is longer than {} characters", kMaxTag);
  bool good = IsWord(tag[0]) && std::all_of(tag.begin(), tag.end(), [](char c) {
                return IsWord(c) || c == '.' || c == '-';
              });
  if (good) return {};
  return fmt::format(
      "the tag \"{}\" may hold letters, digits, '_', '.' and '-' only, and not begin "
      "with '.' or '-'",
      tag);
}

// path-component := [a-z0-9]+ (("." | "_" | "__" | "-"+) [a-z0-9]+)*
bool IsPathComponent(std::string_view text) {
  size_t i = 0;
  while (true) {
    size_t begin = i;
    while (i < text.size() && (IsLower(text[i]) || IsDigit(text[i]))) ++i;
    if (i == begin) return false;
    if (i == text.size()) return true;
    size_t separator = i;
    while (i < text.size() && !IsLower(text[i]) && !IsDigit(text[i])) ++i;
    std::string_view between = text.substr(separator, i - separator);
    bool dashes = between.find_first_not_of('-') == std::string_view::npos;
    if (!dashes && between != "." && between != "_" && between != "__") return false;
  }
}

std::string RepositoryProblem(std::string_view repository) {
  if (repository.empty()) return "it names no repository";
  if (std::any_of(repository.begin(), repository.end(), IsUpper)) {
    return fmt::format("the repository \"{}\" must be lower case", repository);
  }
  for (size_t begin = 0; begin <= repository.size();) {
    size_t end = std::min(repository.find('/', begin), repository.size());
    std::string_view part = repository.substr(begin, end - begin);
    if (part.empty()) return "the repository has an empty component";
    if (!IsPathComponent(part)) return fmt::format("\"{}\" cannot be part of a repository", part);
    begin = end + 1;
  }
  return {};
}

bool IsPort(std::string_view text) {
  if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), IsDigit)) {
    return false;
  }
  int port = std::stoi(std::string(text));
  return port >= 1 && port <= 65535;
}

bool IsHostName(std::string_view host) {
  for (size_t begin = 0; begin <= host.size();) {
    size_t end = std::min(host.find('.', begin), host.size());
    std::string_view part = host.substr(begin, end - begin);
    bool good = !part.empty() && part.front() != '-' && part.back() != '-' &&
                std::all_of(part.begin(), part.end(),
                            [](char c) { return c == '-' || (c != '_' && IsWord(c)); });
    if (!good) return false;
    begin = end + 1;
  }
  return true;
}

bool IsIpv6Literal(std::string_view host) {
  return host.size() > 4 &&
         host.find_first_not_of("0123456789abcdefABCDEF:.", 1) == host.size() - 1;
}

std::string RegistryProblem(std::string_view registry) {
  bool ipv6 = registry.starts_with('[');
  size_t host_end = ipv6 ? registry.find(']') : registry.find(':');
  if (ipv6 && host_end == std::string_view::npos) return "the address lacks its closing ']'";
  if (ipv6) ++host_end;
  host_end = std::min(host_end, registry.size());
  std::string_view host = registry.substr(0, host_end);
  if (ipv6 ? !IsIpv6Literal(host) : !IsHostName(host)) {
    return fmt::format("\"{}\" is not a host name", host);
  }
  if (host_end == registry.size()) return {};
  std::string_view port = registry.substr(host_end + 1);
  if (registry[host_end] == ':' && IsPort(port)) return {};
  return fmt::format("\"{}\" is not a port number", port);
}

bool LooksLikeRegistry(std::string_view component) {
  return component.find_first_of(".:[") != std::string_view::npos || component == "localhost";
}

// Takes "@sha256:…" off the end of `rest`.
std::string TakeDigest(std::string_view text, std::string_view* rest) {
  size_t at = rest->find('@');
  if (at == std::string_view::npos) return {};
  std::string digest(rest->substr(at + 1));
  Digest parsed;
  if (!ParseDigest(digest, &parsed)) {
    Fail(text, "what follows '@' must be sha256: and 64 lower-case hexadecimal digits");
  }
  *rest = rest->substr(0, at);
  return digest;
}

// Takes the tag off the end of `rest`; kDefaultTag when there is none.
std::string TakeTag(std::string_view text, std::string_view* rest) {
  size_t colon = rest->rfind(':');
  if (colon == std::string_view::npos || rest->find('/', colon) != std::string_view::npos) {
    return std::string(kDefaultTag);
  }
  std::string tag(rest->substr(colon + 1));
  if (std::string problem = TagProblem(tag); !problem.empty()) Fail(text, problem);
  *rest = rest->substr(0, colon);
  return tag;
}

// Such a folder's name would read as something else behind "oci:" with another tag or digest.
bool IsAmbiguous(std::string_view dir) {
  std::string_view last = dir.substr(dir.rfind('/') + 1);
  return last.find(':') != std::string_view::npos || last.ends_with("@sha256");
}

// The same behind a path, which may hold an '@': only a whole digest counts.
std::string TakeDigestOfPath(std::string_view text, std::string_view* rest) {
  size_t at = rest->rfind("@sha256:");
  if (at == std::string_view::npos || rest->find('/', at) != std::string_view::npos) return {};
  std::string_view last = rest->substr(at);
  *rest = rest->substr(0, at);
  return TakeDigest(text, &last);
}

Reference ParseLayout(std::string_view text) {
  Reference reference;
  reference.destination = Destination::kOciLayout;
  std::string_view rest = text.substr(kLayoutTransport.size());
  reference.digest = TakeDigestOfPath(text, &rest);
  std::string tag = TakeTag(text, &rest);
  if (reference.digest.empty()) reference.tag = tag;
  if (rest.empty()) Fail(text, "it names no directory");
  if (IsAmbiguous(rest)) {
    Fail(text, "a layout's folder may not hold ':' in its name, nor end in \"@sha256\"");
  }
  reference.repository = rest;
  return reference;
}

Reference ParseDocker(std::string_view text, std::string_view rest) {
  Reference reference;
  reference.digest = TakeDigest(text, &rest);
  size_t slash = rest.find('/');
  std::string_view first = rest.substr(0, std::min(slash, rest.size()));
  if (slash != std::string_view::npos && LooksLikeRegistry(first)) {
    if (std::string problem = RegistryProblem(first); !problem.empty()) Fail(text, problem);
    reference.registry = first;
    rest = rest.substr(slash + 1);
  } else {
    reference.registry = kHubName;
  }
  std::string tag = TakeTag(text, &rest);
  if (reference.digest.empty()) reference.tag = tag;
  if (std::string problem = RepositoryProblem(rest); !problem.empty()) Fail(text, problem);
  reference.repository = rest;
  if (reference.registry == kHubName || reference.registry == kHubLegacyName ||
      reference.registry == kHubHost) {
    reference.registry = kHubHost;
    if (rest.find('/') == std::string_view::npos) reference.repository.insert(0, "library/");
  }
  if (reference.registry.size() + reference.repository.size() + 1 > kMaxName) {
    Fail(text, fmt::format("the name is longer than {} characters", kMaxName));
  }
  return reference;
}

std::string NameOf(const Reference& reference) {
  if (reference.destination == Destination::kOciLayout) {
    return fmt::format("{}{}", kLayoutTransport, reference.repository);
  }
  if (reference.destination == Destination::kDockerArchive) {
    return fmt::format("{}{}", kArchiveTransport, reference.repository);
  }
  if (reference.destination == Destination::kDockerDaemon) {
    return fmt::format("{}{}", kDaemonTransport, reference.repository);
  }
  bool hub = reference.registry == kHubHost;
  return fmt::format("{}/{}", hub ? kHubName : reference.registry, reference.repository);
}

// As skopeo has it: the first ':' ends the file's name.
Reference ParseArchive(std::string_view text) {
  Reference reference;
  reference.destination = Destination::kDockerArchive;
  reference.tag = kDefaultTag;
  std::string_view rest = text.substr(kArchiveTransport.size());
  reference.digest = TakeDigestOfPath(text, &rest);
  size_t colon = std::min(rest.find(':'), rest.size());
  reference.repository = rest.substr(0, colon);
  if (reference.repository.empty()) Fail(text, "it names no file");
  if (colon < rest.size()) {
    Reference image = ParseDocker(text, rest.substr(colon + 1));
    reference.name = NameOf(image);
    reference.tag = image.tag;
  }
  if (!reference.digest.empty()) reference.tag.clear();
  return reference;
}

// An image ID is a digest without a name.
Reference ParseDaemon(std::string_view text) {
  Reference reference;
  std::string_view rest = text.substr(kDaemonTransport.size());
  Digest id;
  if (ParseDigest(rest, &id)) {
    reference.digest = rest;
  } else {
    Reference image = ParseDocker(text, rest);
    if (!image.digest.empty()) Fail(text, "a daemon's image has a tag, or an ID instead of a name");
    reference.repository = NameOf(image);
    reference.tag = image.tag;
  }
  reference.destination = Destination::kDockerDaemon;
  return reference;
}

}  // namespace

std::string Reference::LocalPath() const {
  bool local = destination == Destination::kOciLayout ||
               (destination == Destination::kDockerArchive && !IsStdout());
  return local ? repository : std::string();
}

std::string Reference::ToString() const {
  if (!digest.empty()) return Immutable(digest);
  if (destination != Destination::kDockerArchive) return fmt::format("{}:{}", NameOf(*this), tag);
  return name.empty() ? NameOf(*this) : fmt::format("{}:{}:{}", NameOf(*this), name, tag);
}

std::string Reference::Immutable(const std::string& with_digest) const {
  if (destination == Destination::kDockerDaemon) {
    return fmt::format("{}{}", kDaemonTransport, with_digest);
  }
  return fmt::format("{}@{}", NameOf(*this), with_digest);
}

Reference ParseReference(const std::string& text) {
  if (text.empty()) Fail(text, "it is empty");
  if (text.starts_with(kLayoutTransport)) return ParseLayout(text);
  if (text.starts_with(kArchiveTransport)) return ParseArchive(text);
  if (text.starts_with(kDaemonTransport)) return ParseDaemon(text);
  for (std::string_view transport : kOtherTransports) {
    if (!text.starts_with(transport)) continue;
    Fail(text, fmt::format("{} is not a destination that this version writes", transport));
  }
  std::string_view rest = text;
  if (rest.starts_with(kDockerTransport)) rest = rest.substr(kDockerTransport.size());
  if (size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    Fail(text, fmt::format("{} is not a destination that this version writes; a registry is named "
                           "without a scheme",
                           rest.substr(0, scheme + 3)));
  }
  return ParseDocker(text, rest);
}

}  // namespace kontext
