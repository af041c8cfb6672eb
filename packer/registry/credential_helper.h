// A program that keeps credentials: docker-credential-NAME, in the protocol of
// github.com/docker/docker-credential-helpers.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "packer/registry/auth_config.h"

namespace kontext {

// A helper may ask its user to unlock a keychain.
inline constexpr std::chrono::milliseconds kHelperTimeout{60'000};

// Runs the program once a call, found on PATH, without a shell; secrets go through its standard
// input and output only. Every call throws Error that names the helper when it is missing, fails,
// says more than 64 KiB or is not done in time, in which case it is killed.
class CredentialHelper {
 public:
  // `name` without "docker-credential-".
  explicit CredentialHelper(const std::string& name,
                            std::chrono::milliseconds timeout = kHelperTimeout);

  // Nothing when it knows none for `server`.
  std::optional<Credentials> Get(const std::string& server) const;
  void Store(const std::string& server, const std::string& username,
             const std::string& secret) const;
  // What it does not know is erased already.
  void Erase(const std::string& server) const;

  const std::string& program() const { return program_; }

 private:
  struct Outcome {
    int code = 0;  // as a shell gives it
    std::string out;
    std::string err;
  };

  Outcome Run(const char* action, const std::string& input) const;
  [[noreturn]] void Fail(const char* action, const Outcome& outcome) const;

  std::string program_;
  std::chrono::milliseconds timeout_;
};

}  // namespace kontext
