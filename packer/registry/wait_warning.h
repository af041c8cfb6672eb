// Says that a registry is waited for.
#pragma once

#include <functional>
#include <string>

#include "packer/registry/retry.h"

namespace kontext {

// For RetryPolicy::on_wait: a line to `warn`, as "waiting 30 s as quay.io asks (429)", for a wait
// of a second or more. While one is waited, by several threads perhaps, others get no line. Empty
// when `warn` is.
std::function<void(const RetryWait&)> WarnOfWaits(const std::string& registry,
                                                  std::function<void(const std::string&)> warn);

}  // namespace kontext
