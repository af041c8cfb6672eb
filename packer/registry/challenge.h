// What a server asks for in WWW-Authenticate (RFC 9110, section 11.6.1).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kontext {

struct Challenge {
  std::string scheme;                             // as it came: Nexus writes "BASIC"
  std::map<std::string, std::string> parameters;  // names in lower case; the first of a name counts
};

// The challenges of one header, or of several joined with ", ", in their order. Never fails: what
// does not read as a challenge is left out. Looks at the first 16 KiB only, and at no more than 16
// challenges with 32 parameters each.
std::vector<Challenge> ParseChallenges(std::string_view header);

// The first challenge of a scheme, whatever the case of either; null when there is none.
const Challenge* FindChallenge(const std::vector<Challenge>& challenges, std::string_view scheme);

// Empty when it has no such parameter.
std::string ParameterOf(const Challenge& challenge, const std::string& name);

}  // namespace kontext
