#include "packer/registry/retry.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "packer/error.h"
#include "packer/registry/curl_library.h"

namespace kontext {
namespace {

constexpr uint64_t kProgress = 256 * 1024;

double Random(const RetryPolicy& policy) {
  if (policy.random) return policy.random();
  std::random_device device;
  return std::uniform_real_distribution<double>(0, 1)(device);
}

// RFC 9110, section 10.2.3. A date is taken against the answer's own Date: our clock may be off.
// Nothing where it asks for no wait at all: hammering a registry that fails helps nobody.
std::optional<Milliseconds> RetryAfter(const Response& answer) {
  auto header = answer.headers.find("retry-after");
  if (header == answer.headers.end() || header->second.empty()) return std::nullopt;
  const std::string& value = header->second;
  if (value.find_first_not_of("0123456789") == std::string::npos) {
    // More digits than this is past any bound.
    long long seconds = std::atoll(value.substr(0, 9).c_str());
    return seconds > 0 ? std::optional<Milliseconds>(std::chrono::seconds(seconds)) : std::nullopt;
  }
  auto date = answer.headers.find("date");
  if (date == answer.headers.end()) return std::nullopt;
  time_t until = Curl().getdate(value.c_str(), nullptr);
  time_t now = Curl().getdate(date->second.c_str(), nullptr);
  if (until < 0 || now < 0 || until <= now) return std::nullopt;
  return std::chrono::seconds(until - now);
}

class RetryTransport : public Transport {
 public:
  RetryTransport(std::unique_ptr<Transport> inner, RetryPolicy policy)
      : inner_(std::move(inner)), policy_(std::move(policy)) {}

  Response Send(const Request& request) override {
    if (!request.may_retry) return inner_->Send(request);
    bool delivered = false;
    Request watched = request;
    if (request.sink) {
      watched.sink = [&](std::string_view bytes) {
        delivered = true;
        return request.sink(bytes);
      };
    }
    return WithRetries(policy_, {.send = [&] { return inner_->Send(watched); },
                                 .may_retry = [&] { return !delivered; }});
  }

  std::string WithoutSecrets(std::string text) const override {
    return inner_->WithoutSecrets(std::move(text));
  }

 private:
  std::unique_ptr<Transport> inner_;
  RetryPolicy policy_;
};

}  // namespace

void Sleep(const RetryPolicy& policy, Milliseconds time) {
  if (policy.sleep) {
    policy.sleep(time);
  } else {
    std::this_thread::sleep_for(time);
  }
}

bool IsRetryable(int status) {
  if (status == 501 || status == 505) return false;
  return status == 408 || status == 429 || status == 499 || (status >= 500 && status < 600);
}

Milliseconds RetryDelay(const RetryPolicy& policy, int failures, const Response* answer) {
  if (answer != nullptr) {
    if (std::optional<Milliseconds> asked = RetryAfter(*answer)) {
      return std::min(*asked, policy.max_retry_after);
    }
  }
  Milliseconds delay = answer == nullptr ? policy.network_delay : policy.status_delay;
  for (int i = 1; i < failures && delay < policy.max_delay; ++i) delay *= 2;
  delay = std::min(delay, policy.max_delay);
  double jittered = static_cast<double>(delay.count()) * (1 + Random(policy)) / 2;
  return Milliseconds(static_cast<Milliseconds::rep>(jittered));
}

Response WithRetries(const RetryPolicy& policy, const Attempts& attempts) {
  uint64_t reached = 0;
  int failures = 0;
  auto used_up = [&] {
    uint64_t now = attempts.reached ? attempts.reached() : 0;
    if (now >= reached + kProgress) failures = 0;
    reached = std::max(reached, now);
    return ++failures >= policy.tries || (attempts.may_retry && !attempts.may_retry());
  };
  while (true) {
    RetryWait wait{Milliseconds(0), 0, false};
    try {
      Response answer = attempts.send();
      if (!IsRetryable(answer.status) || used_up()) return answer;
      wait = {RetryDelay(policy, failures, &answer), answer.status, RetryAfter(answer).has_value()};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kNetwork || used_up()) throw;
      wait.time = RetryDelay(policy, failures, nullptr);
    }
    if (policy.on_wait) policy.on_wait(wait);
    Sleep(policy, wait.time);
  }
}

std::unique_ptr<Transport> NewRetryTransport(std::unique_ptr<Transport> inner, RetryPolicy policy) {
  return std::make_unique<RetryTransport>(std::move(inner), std::move(policy));
}

}  // namespace kontext
