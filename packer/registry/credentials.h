// Finds, keeps and forgets a user's credentials: over the files of auth_files.h and the helpers
// that these name.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "packer/registry/auth_config.h"
#include "packer/registry/auth_files.h"
#include "packer/registry/credential_helper.h"

namespace kontext {

class CredentialStore {
 public:
  explicit CredentialStore(std::vector<std::string> files = AuthFiles(),
                           std::chrono::milliseconds helper_timeout = kHelperTimeout);

  // The credentials for a repository (may be empty: for the registry as such) of the first file
  // that has any; nothing when none has. Throws Error that names the file or helper that fails.
  std::optional<Credentials> Find(const std::string& registry, const std::string& repository) const;

  // Keeps them where the first file says: with its helper, or in itself. Gives the file's or the
  // helper's name. Throws Error.
  std::string Store(const std::string& registry, const std::string& username,
                    const std::string& password) const;

  // Removes what the first file and its helper have for the registry; false: there was nothing.
  bool Erase(const std::string& registry) const;

  const std::vector<std::string>& files() const { return files_; }

 private:
  std::optional<Credentials> FindIn(const std::string& file, const std::string& json,
                                    const std::string& registry,
                                    const std::string& repository) const;
  // Throws Error(kUsage) when there is no place for credentials at all.
  const std::string& First() const;
  std::string HelperOfFirst(const std::string& registry) const;

  std::vector<std::string> files_;
  std::chrono::milliseconds helper_timeout_;
};

}  // namespace kontext
