// What must not be shown, and taking it out of what is.
#pragma once

#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kontext {

// `text` with "***" in place of every secret, also where it stands escaped as in JSON (once, or
// twice: an error that quotes another) or as in a URL. What is shorter than four bytes is none.
std::string Blank(std::string text, std::span<const std::string> secrets);

// The secrets that are known so far; for any thread.
class SecretList {
 public:
  void Add(const std::string& secret);
  // As Blank.
  std::string Hide(std::string text) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> secrets_;
};

// What a URL with a user and a password ("http://me:pw@proxy:3128", the scheme may be missing)
// gives away: both as they stand, the password alone and decoded, and what a Basic header makes of
// it. None when it has no password.
std::vector<std::string> SecretsOfUrl(std::string_view url);

}  // namespace kontext
