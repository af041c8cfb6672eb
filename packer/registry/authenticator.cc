#include "packer/registry/authenticator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "packer/error.h"
#include "packer/registry/base64_text.h"
#include "packer/registry/endpoint.h"
#include "packer/registry/error_body.h"
#include "packer/registry/secrets.h"

namespace kontext {
namespace {

constexpr uint64_t kMaxTokenAnswer = 128 * 1024;
// A token is renewed so long before its end: the clock here, the way there.
constexpr std::chrono::seconds kMargin{10};
// What a registry can make us remember.
constexpr size_t kMaxScope = 1024;
constexpr size_t kMaxTokens = 64;

std::string HostOf(const std::string& text) {
  Url url = ParseUrl(text);
  bool usual = url.port == (url.scheme == "https" ? "443" : "80");
  return usual ? url.host : fmt::format("{}:{}", url.host, url.port);
}

// RFC 6749, section 5.2: an identity token that is not, or no longer good is a 400.
bool IsDenied(const Response& answer) {
  bool grant = answer.status == 400 && answer.body.find("\"invalid_grant\"") != std::string::npos;
  return grant || answer.status == 401 || answer.status == 403;
}

bool SaysWhy(const Response& refusal) { return !ParseErrorBody(refusal.body).message.empty(); }

// Whatever goes wrong here is the registry's refusal to whoever sent the request: it must not look
// like a damaged or a missing image.
template <typename Action>
auto AsRefusal(Action action) {
  try {
    return action();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kNetwork) throw;
    throw Error(ErrorKind::kRegistry, error.what());
  }
}

}  // namespace

Authenticator::Authenticator(Transport& transport, AuthOptions options)
    : transport_(transport), options_(std::move(options)) {}

bool Authenticator::IsOwn(const std::string& text) const {
  Url url = ParseUrl(text);
  bool plain = options_.insecure_http || IsLoopbackHost(url.host);
  auto is_at = [&](const char* scheme) {
    return SameOrigin(url, ParseUrl(scheme + options_.registry));
  };
  return is_at("https://") || (plain && is_at("http://"));
}

std::string Authenticator::ScopeOf(const Request& request) {
  if (options_.repository.empty()) return {};
  options_.writes = options_.writes || (request.method != "GET" && request.method != "HEAD");
  std::string least =
      fmt::format("repository:{}:{}", options_.repository, options_.writes ? "pull,push" : "pull");
  return UniteScopes(least, own_scope_);
}

Authenticator::Authorization Authenticator::Authorize(const std::string& scope, bool own) {
  if (scheme_ == Scheme::kNone) return {};
  if (scheme_ == Scheme::kBasic) {
    return {BasicHeader(credentials_.username, credentials_.password), false};
  }
  if (!credentials_.registry_token.empty()) return {"Bearer " + credentials_.registry_token, false};
  auto kept = tokens_.find(scope);
  if (!own && kept != tokens_.end() && Now() < kept->second.expires) {
    kept->second.shared = true;
    return {"Bearer " + kept->second.value, false};
  }
  return AsRefusal([&] { return Authorization{"Bearer " + FetchToken(scope, !own), true}; });
}

bool Authenticator::Learn(const Response& refusal, const Authorization& sent, std::string* scope) {
  return AsRefusal([&] {
    std::vector<Challenge> challenges = ParseChallenges(HeaderOf(refusal, "www-authenticate"));
    const Challenge* bearer = FindChallenge(challenges, "bearer");
    const Challenge* basic = FindChallenge(challenges, "basic");
    if (bearer != nullptr && ParameterOf(*bearer, "realm").empty()) bearer = nullptr;
    unknown_.clear();
    if (bearer == nullptr && basic == nullptr) {
      unknown_ = challenges.empty()
                     ? "it does not say how"
                     : fmt::format("it asks for \"{}\", which kontext does not know",
                                   QuoteLine(WithoutSecrets(challenges.front().scheme)));
      return false;
    }
    FindCredentials();
    if (bearer != nullptr) return LearnBearer(*bearer, refusal, sent, scope);
    CheckPlainHttp(ParseUrl(refusal.url));
    scheme_ = credentials_.password.empty() ? Scheme::kNone : Scheme::kBasic;
    if (scheme_ == Scheme::kNone && !credentials_.empty()) {
      unknown_ = fmt::format("it wants a user name and a password, {} has a token only",
                             QuoteLine(credentials_.source));
    }
    return scheme_ == Scheme::kBasic && Authorize(*scope).header != sent.header;
  });
}

bool Authenticator::LearnBearer(const Challenge& challenge, const Response& refusal,
                                const Authorization& sent, std::string* scope) {
  Url registry = ParseUrl(refusal.url);
  Url realm = ResolveUrl(registry, ParameterOf(challenge, "realm"));
  if (const char* problem = HopProblem(registry, realm)) {
    throw Error(ErrorKind::kRegistry, fmt::format("asking {} for a token is refused: {}",
                                                  RedactUrl(realm.text), problem));
  }
  scheme_ = Scheme::kBearer;
  realm_ = realm.text;
  service_ = ParameterOf(challenge, "service");
  if (!credentials_.registry_token.empty()) return Authorize(*scope).header != sent.header;
  std::string asked = ParameterOf(challenge, "scope");
  // What it wants for our own repository it will want again ("delete"); more is for this request
  // alone (another repository, to mount from).
  std::string own = UniteScopes(own_scope_, ScopesOf(asked, "repository:" + options_.repository));
  if (own.size() <= kMaxScope) own_scope_ = own;
  std::string wider = UniteScopes(*scope, asked);
  bool widened = wider != *scope;
  *scope = wider;
  auto kept = tokens_.find(wider);
  bool refused = kept != tokens_.end() && sent.header == "Bearer " + kept->second.value;
  // One that others used as well may have been good, and worn out or replaced meanwhile.
  bool untouched = sent.fresh && refused && !kept->second.shared;
  if (refused) tokens_.erase(kept);
  return widened || !untouched;
}

std::string Authenticator::Explain(int status) const {
  if (!unknown_.empty() && status == 401) return unknown_;
  if (!asked_) return {};
  std::string name = RegistryName(options_.registry);
  if (credentials_.empty()) {
    return fmt::format("there are no credentials for {} in {}: run kontext login {}", name,
                       fmt::join(options_.looked_in, ", "), name);
  }
  if (credentials_.source.empty()) return "user name or password is wrong";
  std::string whose = QuoteLine(credentials_.source);
  if (!credentials_.username.empty()) {
    whose += fmt::format(" (user {})", QuoteLine(credentials_.username));
  }
  if (status == 403) return fmt::format("the credentials of {} do not allow it", whose);
  return fmt::format("the credentials of {} are refused: run kontext login {}", whose, name);
}

std::string Authenticator::WithoutSecrets(std::string text) const {
  return options_.secrets->Hide(std::move(text));
}

std::chrono::steady_clock::time_point Authenticator::Now() const {
  return options_.now ? options_.now() : std::chrono::steady_clock::now();
}

void Authenticator::FindCredentials() {
  if (asked_) return;
  if (options_.find) credentials_ = options_.find().value_or(Credentials());
  asked_ = true;
  for (const std::string& secret :
       {credentials_.password, credentials_.identity_token, credentials_.registry_token}) {
    if (!secret.empty()) options_.secrets->Add(secret);
  }
}

std::string Authenticator::BasicHeader(const std::string& username, const std::string& secret) {
  std::string encoded = EncodeBase64(username + ':' + secret);
  options_.secrets->Add(encoded);
  return "Basic " + encoded;
}

std::string Authenticator::FetchToken(const std::string& scope, bool keep) {
  Response answer = AskForToken({realm_, service_, scope});
  if (!IsSuccess(answer.status)) {
    answer.body = WithoutSecrets(std::move(answer.body));  // before it is cut to one line
    bool denied = IsDenied(answer);
    throw Error(ErrorKind::kRegistry,
                fmt::format("token server {}: {}{}{}", HostOf(realm_), DescribeAnswer(answer),
                            denied ? "; " : "", denied ? Explain(answer.status) : ""));
  }
  Token token = ParseToken(answer);
  auto lifetime = std::chrono::duration_cast<std::chrono::milliseconds>(token.lifetime);
  auto margin = std::min<std::chrono::milliseconds>(kMargin, lifetime / 5);
  if (keep) {
    if (tokens_.size() >= kMaxTokens) tokens_.clear();
    tokens_[scope] = {token.value, Now() + lifetime - margin};
  }
  options_.secrets->Add(token.value);
  return token.value;
}

// A server that does not know the POST form says so in one of several ways, 400 and 401 among them,
// with which others refuse the identity token.
Response Authenticator::AskForToken(const TokenRequest& request) {
  if (credentials_.identity_token.empty()) return GetToken(request);
  Response posted = PostIdentity(request);
  bool refused = posted.status == 400 || posted.status == 401;
  if (!refused && posted.status != 404 && posted.status != 405) return posted;
  Response got = GetToken(request);
  if (IsSuccess(got.status) || !refused) return got;
  // Either answer may say why.
  return got.status == 401 && !SaysWhy(posted) && SaysWhy(got) ? got : posted;
}

Response Authenticator::PostIdentity(const TokenRequest& request) {
  std::unique_ptr<BlobSource> form = MemoryBlob(TokenForm(request, credentials_.identity_token));
  Request post;
  post.method = "POST";
  post.url = request.realm;
  post.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  post.body = form.get();
  post.secret_body = true;
  CheckPlainHttp(ParseUrl(post.url));
  return SendToRealm(post);
}

// All token servers know this form.
Response Authenticator::GetToken(const TokenRequest& request) {
  bool identity = !credentials_.identity_token.empty();
  const std::string& secret = identity ? credentials_.identity_token : credentials_.password;
  std::string username = credentials_.username;
  if (identity && username.empty()) username = "<token>";
  Request get;
  get.method = "GET";
  get.url = TokenUrl(request, secret.empty() || identity ? "" : username);
  if (!secret.empty()) {
    CheckPlainHttp(ParseUrl(get.url));
    get.headers.emplace_back("Authorization", BasicHeader(username, secret));
  }
  return SendToRealm(get);
}

Response Authenticator::SendToRealm(Request request) {
  request.max_body = kMaxTokenAnswer;
  request.headers.emplace_back("Accept", "application/json");
  // Without an answer the request that needs the token is tried again, and with it this one.
  std::exception_ptr no_answer;
  auto send = [&] {
    try {
      return transport_.Send(request);
    } catch (const Error&) {
      no_answer = std::current_exception();
      return Response();
    }
  };
  Response answer = WithRetries(options_.retry, {.send = send});
  if (no_answer == nullptr) return answer;
  try {
    std::rethrow_exception(no_answer);
  } catch (const Error& error) {
    throw Error(error.kind(),
                fmt::format("token server {}: {}", HostOf(request.url), error.what()));
  }
}

void Authenticator::CheckPlainHttp(const Url& url) const {
  if (credentials_.empty() || url.scheme == "https") return;
  if (options_.insecure_http || IsLoopbackHost(url.host)) return;
  throw Error(ErrorKind::kRegistry,
              fmt::format("credentials are not sent to {} over plain HTTP (--insecure-http allows "
                          "it)",
                          url.host));
}

}  // namespace kontext
