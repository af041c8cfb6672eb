#include "packer/registry/auth_transport.h"

#include <mutex>
#include <utility>

#include "packer/error.h"

namespace kontext {
namespace {

class AuthTransport : public Transport {
 public:
  AuthTransport(std::unique_ptr<Transport> inner, AuthOptions options)
      : inner_(std::move(inner)), authenticator_(*inner_, std::move(options)) {}

  Response Send(const Request& request) override {
    try {
      return SendAuthorized(request);
    } catch (const Error& error) {
      std::string shown = WithoutSecrets(error.what());
      if (shown == error.what()) throw;
      throw Error(error.kind(), shown);
    }
  }

  std::string WithoutSecrets(std::string text) const override {
    return authenticator_.WithoutSecrets(std::move(text));
  }

 private:
  static constexpr int kTries = 3;

  Response SendAuthorized(const Request& request) {
    if (!authenticator_.IsOwn(request.url)) return Finish(inner_->Send(request), false);
    std::string scope = Locked([&] { return authenticator_.ScopeOf(request); });
    // Without a token or with one that was kept, with a new one, with one that nobody else has or
    // that is good for more: more does not help.
    bool own_token = false;
    for (int tries = 1;; ++tries) {
      Authenticator::Authorization authorization =
          Locked([&] { return authenticator_.Authorize(scope, own_token); });
      Response answer = inner_->Send(WithHeader(request, authorization.header));
      std::string before = scope;
      if (answer.url.empty()) answer.url = request.url;
      bool own = authenticator_.IsOwn(answer.url);
      bool again = answer.status == 401 && own && tries < kTries &&
                   Locked([&] { return authenticator_.Learn(answer, authorization, &scope); });
      own_token = tries + 1 == kTries && scope == before;
      if (!again) return Finish(std::move(answer), own);
    }
  }

  // One token is fetched at a time: the threads that wait find it kept.
  template <typename Action>
  auto Locked(Action action) const -> decltype(action()) {
    std::lock_guard<std::mutex> lock(mutex_);
    return action();
  }

  static Request WithHeader(const Request& request, const std::string& header) {
    Request authorized = request;
    if (!header.empty()) authorized.headers.emplace_back("Authorization", header);
    return authorized;
  }

  Response Finish(Response answer, bool own) const {
    if (IsSuccess(answer.status)) return answer;
    std::lock_guard<std::mutex> lock(mutex_);
    answer.body = WithoutSecrets(std::move(answer.body));
    if (own && (answer.status == 401 || answer.status == 403)) {
      answer.hint = authenticator_.Explain(answer.status);
    }
    return answer;
  }

  std::unique_ptr<Transport> inner_;
  mutable std::mutex mutex_;
  Authenticator authenticator_;  // guarded by mutex_, but for IsOwn and WithoutSecrets
};

}  // namespace

std::unique_ptr<Transport> NewAuthTransport(std::unique_ptr<Transport> inner, AuthOptions options) {
  return std::make_unique<AuthTransport>(std::move(inner), std::move(options));
}

}  // namespace kontext
