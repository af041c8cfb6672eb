// Trying again: which failures are worth it, and how long to wait before.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "packer/registry/transport.h"

namespace kontext {

using Milliseconds = std::chrono::milliseconds;

struct RetryWait {
  Milliseconds time;
  int status;  // what was answered; 0: nothing
  bool asked;  // the answer has said how long
};

// Its functions are called from any thread.
struct RetryPolicy {
  int tries = 5;
  // The wait after the first failure; it doubles with each. Without an answer 100 + 200 + 400 +
  // 800 ms, so that a registry that is not there is named within two seconds.
  Milliseconds network_delay{100};
  Milliseconds status_delay{500};
  Milliseconds max_delay{10'000};
  Milliseconds max_retry_after{60'000};           // of what a registry asks for
  std::function<void(const RetryWait&)> on_wait;  // told before each wait; may be empty
  std::function<void(Milliseconds)> sleep;        // empty: really sleeps
  std::function<double()> random;                 // in [0, 1), for the jitter; empty: really random
};

// 408, 429, 499 and 5xx, but for those that will not pass (501, 505).
bool IsRetryable(int status);

// The wait after failure number `failures` (from 1): half of it fixed, half of it jitter. `answer`
// is null when none came; its Retry-After (seconds, or a date beside its Date) goes before all,
// unless it asks for no wait.
Milliseconds RetryDelay(const RetryPolicy& policy, int failures, const Response* answer);

// As the policy sleeps.
void Sleep(const RetryPolicy& policy, Milliseconds time);

// What is tried again.
struct Attempts {
  std::function<Response()> send;
  std::function<bool()> may_retry{};    // asked after a failure; empty: yes
  std::function<uint64_t()> reached{};  // the bytes that are done with for good; empty: none
};

// Sends until the answer is not retryable, the tries are used up (the last answer is returned, the
// last Error(kNetwork) thrown), or `may_retry` says no. The tries begin anew with each 256 KiB that
// were reached: a long transfer may break often, as long as it gets on.
Response WithRetries(const RetryPolicy& policy, const Attempts& attempts);

// Tries again by `policy`, but never a request whose sink took bytes already, nor one that says
// `may_retry = false`: there the sender must choose how to go on.
std::unique_ptr<Transport> NewRetryTransport(std::unique_ptr<Transport> inner, RetryPolicy policy);

}  // namespace kontext
