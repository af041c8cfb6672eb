// Bearer tokens: what is asked of a token server, and what it answers (distribution "Token
// Authentication Specification" and "OAuth2 token"). Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "packer/registry/auth_config.h"
#include "packer/registry/transport.h"

namespace kontext {

struct Token {
  std::string value;
  std::chrono::seconds lifetime{60};  // from when it came; 60 s where the answer does not say
};

// The token of a 2xx answer, "token" or "access_token"; what its "issued_at" is older than its Date
// is taken off the lifetime. Throws Error(kFormat) for an answer without a usable one.
Token ParseToken(const Response& answer);

// "repository:app:pull,push", several with blanks between them. What `asked` has and `own` has not
// is added: actions to the same resource, resources behind.
std::string UniteScopes(const std::string& own, const std::string& asked);

// Those of `scopes` that are for `resource` ("repository:app").
std::string ScopesOf(const std::string& scopes, const std::string& resource);

struct TokenRequest {
  std::string realm;    // absolute URL
  std::string service;  // empty: not named
  std::string scope;    // empty: none, only to log in
};

// The GET form, without its Authorization. `account` may be empty.
std::string TokenUrl(const TokenRequest& request, const std::string& account);

// The body of the POST form, which exchanges an identity token.
std::string TokenForm(const TokenRequest& request, const std::string& identity_token);

}  // namespace kontext
