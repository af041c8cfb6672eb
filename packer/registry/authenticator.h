// Answers what a registry asks for before it lets somebody in: basic authentication, or bearer
// tokens of a token server (distribution "Token Authentication Specification").
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "packer/registry/auth_config.h"
#include "packer/registry/challenge.h"
#include "packer/registry/retry.h"
#include "packer/registry/secrets.h"
#include "packer/registry/token.h"
#include "packer/registry/transport.h"
#include "packer/registry/url.h"

namespace kontext {

struct AuthOptions {
  std::string registry;        // as in a Reference
  std::string repository;      // empty: none, only to log in
  bool writes = false;         // tokens for a push from the start
  bool insecure_http = false;  // secrets may go over plain HTTP, also where it is not loopback
  // Called at most once, when a registry asks; may throw Error.
  std::function<std::optional<Credentials>()> find;
  std::vector<std::string> looked_in;                          // files, for messages
  RetryPolicy retry;                                           // for a token server that is busy
  std::function<std::chrono::steady_clock::time_point()> now;  // empty: the real clock
  // Gets all that must not be shown, before it is sent anywhere.
  std::shared_ptr<SecretList> secrets = std::make_shared<SecretList>();
};

// What is known of one registry's way to authenticate, its credentials and tokens. It sends nothing
// but requests to a token server. Its secrets go to the registry's own host and to the realm that
// it names, never to a realm that HopProblem refuses, nor over plain HTTP to another machine. Every
// failure is an Error(kRegistry) or, without an answer, Error(kNetwork). One thread at a time.
class Authenticator {
 public:
  // `transport` must outlive it.
  Authenticator(Transport& transport, AuthOptions options);

  // Is this a place that may see the registry's credentials? In any thread.
  bool IsOwn(const std::string& url) const;

  // What a request needs a token for, as far as its method tells.
  std::string ScopeOf(const Request& request);

  struct Authorization {
    std::string header;  // empty: none
    bool fresh = false;  // its token was fetched just now
  };
  // With the token kept for `scope`, or a new one where that has run out; with `own`, a new one
  // that no other request gets.
  Authorization Authorize(const std::string& scope, bool own = false);

  // Learns from a 401 to a request that was sent with `sent`; adds to `scope` what the registry
  // asks for beyond it. False: sending again is no use.
  bool Learn(const Response& refusal, const Authorization& sent, std::string* scope);

  // What a user needs to know about a 401 or 403 that stays; empty: nothing.
  std::string Explain(int status) const;

  // `text` without any secret that is known here.
  std::string WithoutSecrets(std::string text) const;

 private:
  enum class Scheme { kNone, kBasic, kBearer };
  struct KeptToken {
    std::string value;
    std::chrono::steady_clock::time_point expires;
    bool shared = false;  // used by other requests than the one that it was fetched for
  };

  std::chrono::steady_clock::time_point Now() const;
  void FindCredentials();
  bool LearnBearer(const Challenge& challenge, const Response& refusal, const Authorization& sent,
                   std::string* scope);
  std::string BasicHeader(const std::string& username, const std::string& secret);
  std::string FetchToken(const std::string& scope, bool keep);
  Response AskForToken(const TokenRequest& request);
  Response PostIdentity(const TokenRequest& request);
  Response GetToken(const TokenRequest& request);
  Response SendToRealm(Request request);
  void CheckPlainHttp(const Url& url) const;

  Transport& transport_;
  AuthOptions options_;
  Scheme scheme_ = Scheme::kNone;
  std::string realm_;
  std::string service_;
  std::string own_scope_;  // what it asked for so far, for this repository
  bool asked_ = false;     // options_.find was called
  std::string unknown_;    // what a registry asked for that we do not know
  Credentials credentials_;
  std::map<std::string, KeptToken> tokens_;  // by scope
};

}  // namespace kontext
