// Docker's config.json and podman's auth.json, which are one format (containers-auth.json(5)): what
// they say about a registry, and the same text with an entry more or less. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kontext {

struct Credentials {
  std::string username;
  std::string password;
  std::string identity_token;  // exchanged for tokens at the token server
  std::string registry_token;  // sent to the registry as it is
  std::string source;          // where they come from, for messages

  bool empty() const {
    return password.empty() && identity_token.empty() && registry_token.empty();
  }
};

// One way to credentials: those of an entry, or a helper to ask.
struct AuthCandidate {
  std::string helper;  // "pass" of docker-credential-pass; empty: `credentials` are given
  std::string server;  // what to ask the helper for
  Credentials credentials;
};

// The ways that a file has for a repository, the best first: what names the repository or a folder
// above it goes before what names the registry, and there credHelpers before credsStore before
// auths. `registry` and `repository` as in a Reference; the repository may be empty. Throws
// Error(kFormat), without the file's name, for what is no such file.
std::vector<AuthCandidate> FindAuth(std::string_view json, const std::string& registry,
                                    const std::string& repository);

// The helper that keeps what is stored for a registry; empty: the file itself does.
std::string HelperFor(std::string_view json, const std::string& registry);

// The key of a registry in "auths", and its name to a helper, as Docker spells them.
std::string AuthKey(const std::string& registry);

// "docker.io" for the host that serves it; any other as it is.
std::string RegistryName(const std::string& registry);

// `json` with the registry's entry set to `entry` (JSON); all else stays as it is, byte for byte.
// An empty text is taken for an empty object. Throws as FindAuth does.
std::string WithAuth(const std::string& json, const std::string& registry,
                     const std::string& entry);

// `json` without any entry for the registry as a whole; the same text when there is none.
std::string WithoutAuth(const std::string& json, const std::string& registry);

// {"auth":"…"} for a user and a password.
std::string AuthEntry(const std::string& username, const std::string& password);

}  // namespace kontext
