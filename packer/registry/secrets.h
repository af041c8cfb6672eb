// What must not be shown, and taking it out of what is.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kontext {

// `text` with "***" in place of every secret, also where it stands escaped as in JSON (once, or
// twice: an error that quotes another) or as in a URL. What is shorter than four bytes is none.
std::string Blank(std::string text, std::span<const std::string> secrets);

// What a URL with a user and a password ("http://me:pw@proxy:3128", the scheme may be missing)
// gives away: both as they stand, the password alone and decoded, and what a Basic header makes of
// it. None when it has no password.
std::vector<std::string> SecretsOfUrl(std::string_view url);

}  // namespace kontext
