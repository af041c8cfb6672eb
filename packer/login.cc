#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "packer/error.h"
#include "packer/kontext.h"
#include "packer/registry/credentials.h"
#include "packer/registry/endpoint.h"
#include "packer/registry/error_body.h"
#include "packer/registry/reference.h"
#include "packer/registry/registry_transport.h"
#include "packer/registry/retry.h"
#include "packer/registry/text.h"
#include "packer/registry/wait_warning.h"
#include "packer/session.h"

namespace kontext {
namespace {

// The registry as a Reference names it.
std::string ParseRegistry(const std::string& text) {
  std::string name = text;
  RemoveScheme(&name);
  for (std::string_view path : {"/", "/v1", "/v2"}) {  // "https://index.docker.io/v1/"
    if (name.ends_with(path)) name.resize(name.size() - path.size());
  }
  bool is_registry = name.find_first_of(".:[") != std::string::npos || name == "localhost";
  if (!is_registry || name.find('/') != std::string::npos) {
    throw Error(
        ErrorKind::kUsage,
        fmt::format("\"{}\" is no registry: give its host, as in registry.example:5000", text));
  }
  return ParseReference(name + "/x").registry;
}

void CheckCredentials(const std::string& registry, const Credentials& credentials) {
  const std::string& name = credentials.username;
  const char* problem = nullptr;
  if (name.empty()) problem = "the user name is empty";
  bool odd = std::any_of(name.begin(), name.end(),
                         [](unsigned char c) { return c < 0x20 || c == 0x7f || c == ':'; });
  if (odd) problem = "the user name holds a colon or control characters";
  // A password may hold what it likes: with Google it is a JSON file.
  if (credentials.password.empty()) problem = "the password is empty";
  if (problem == nullptr) return;
  throw Error(ErrorKind::kUsage, fmt::format("login {}: {}", RegistryName(registry), problem));
}

// GET /v2/ (distribution specification 1.1, "Determining Support").
void Verify(const std::string& registry, const Credentials& credentials,
            const PushOptions& options) {
  std::string subject = "login " + RegistryName(registry);
  bool asked = false;
  CurlOptions curl;
  curl.user_agent = UserAgent();
  curl.trace = TraceOf(options);
  curl.insecure_tls = options.insecure_tls;
  curl.stall_seconds = options.timeout_seconds;
  AuthOptions auth;
  auth.registry = registry;
  auth.insecure_http = options.insecure_http;
  auth.find = [&] {
    asked = true;
    return credentials;
  };
  RetryPolicy retry;
  retry.tries = options.retries + 1;
  retry.on_wait = WarnOfWaits(registry, options.warn);
  auth.retry = retry;
  std::unique_ptr<Transport> transport =
      NewRetryTransport(NewRegistryTransport(std::move(curl), std::move(auth)), retry);
  Request request;
  request.method = "GET";
  request.url = RegistryUrl(registry, options.insecure_http) + "/v2/";
  try {
    Response answer = transport->Send(request);
    if (!IsSuccess(answer.status)) {
      throw Error(ErrorKind::kRegistry,
                  DescribeAnswer(answer) + (answer.hint.empty() ? "" : "; " + answer.hint));
    }
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", subject, error.what()));
  }
  if (!asked && options.warn) {
    options.warn(subject + ": the registry lets anybody in; the credentials are kept unchecked");
  }
}

}  // namespace

std::string Login(const std::string& registry, const std::string& username,
                  const std::string& password, const PushOptions& options) {
  std::string host = ParseRegistry(registry);
  Credentials credentials;
  credentials.username = username;
  credentials.password = password;
  CheckCredentials(host, credentials);
  WarnOfInsecurity(host, options);
  Verify(host, credentials, options);
  return CredentialStore().Store(host, username, password);
}

bool Logout(const std::string& registry, const PushOptions& options) {
  std::string host = ParseRegistry(registry);
  CredentialStore store;
  bool had = store.Erase(host);
  if (!options.warn) return had;
  try {
    std::optional<Credentials> left = store.Find(host, "");
    if (left) {
      options.warn(
          fmt::format("{} still has credentials for {}", left->source, RegistryName(host)));
    }
  } catch (const Error& error) {
    options.warn(error.what());
  }
  return had;
}

}  // namespace kontext
