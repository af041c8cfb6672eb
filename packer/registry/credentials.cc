#include "packer/registry/credentials.h"

#include <fmt/format.h>

#include <utility>

#include "packer/error.h"

namespace kontext {

CredentialStore::CredentialStore(std::vector<std::string> files,
                                 std::chrono::milliseconds helper_timeout)
    : files_(std::move(files)), helper_timeout_(helper_timeout) {}

std::optional<Credentials> CredentialStore::Find(const std::string& registry,
                                                 const std::string& repository) const {
  for (const std::string& file : files_) {
    std::optional<std::string> json = ReadAuthFile(file);
    if (!json) continue;
    try {
      std::optional<Credentials> found = FindIn(file, *json, registry, repository);
      if (found) return found;
    } catch (const Error& error) {
      throw Error(error.kind(), fmt::format("{}: {}", file, error.what()));
    }
  }
  return std::nullopt;
}

std::optional<Credentials> CredentialStore::FindIn(const std::string& file, const std::string& json,
                                                   const std::string& registry,
                                                   const std::string& repository) const {
  for (AuthCandidate& candidate : FindAuth(json, registry, repository)) {
    if (candidate.helper.empty()) {
      candidate.credentials.source = file;
      return std::move(candidate.credentials);
    }
    std::optional<Credentials> found =
        CredentialHelper(candidate.helper, helper_timeout_).Get(candidate.server);
    if (found) return found;
  }
  return std::nullopt;
}

std::string CredentialStore::Store(const std::string& registry, const std::string& username,
                                   const std::string& password) const {
  std::string helper = HelperOfFirst(registry);
  if (helper.empty()) {
    EditAuthFile(First(), [&](const std::string& json) {
      return WithAuth(json, registry, AuthEntry(username, password));
    });
    return First();
  }
  CredentialHelper program(helper, helper_timeout_);
  program.Store(AuthKey(registry), username, password);
  // As Docker does it: the file tells which registries a helper knows.
  EditAuthFile(First(), [&](const std::string& json) { return WithAuth(json, registry, "{}"); });
  return program.program();
}

bool CredentialStore::Erase(const std::string& registry) const {
  bool had = false;
  std::string helper = HelperOfFirst(registry);
  if (!helper.empty()) {
    CredentialHelper program(helper, helper_timeout_);
    had = program.Get(AuthKey(registry)).has_value();
    if (had) program.Erase(AuthKey(registry));
  }
  if (!ReadAuthFile(First())) return had;
  EditAuthFile(First(), [&](const std::string& json) {
    std::string without = WithoutAuth(json, registry);
    had = had || without != json;
    return without;
  });
  return had;
}

const std::string& CredentialStore::First() const {
  if (files_.empty()) {
    throw Error(ErrorKind::kUsage,
                "there is no place for credentials: set HOME, DOCKER_CONFIG or REGISTRY_AUTH_FILE");
  }
  return files_.front();
}

std::string CredentialStore::HelperOfFirst(const std::string& registry) const {
  std::optional<std::string> json = ReadAuthFile(First());
  if (!json) return {};
  try {
    return HelperFor(*json, registry);
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", First(), error.what()));
  }
}

}  // namespace kontext
