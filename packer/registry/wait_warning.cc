#include "packer/registry/wait_warning.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <utility>

#include "packer/registry/auth_config.h"

namespace kontext {
namespace {

using Clock = std::chrono::steady_clock;

struct Said {
  std::mutex mutex;
  Clock::time_point until;  // how long the wait lasts that was told last
};

std::string Line(const std::string& host, const RetryWait& wait) {
  double seconds = std::chrono::duration<double>(wait.time).count();
  if (wait.asked)
    return fmt::format("waiting {:.0f} s as {} asks ({})", seconds, host, wait.status);
  if (wait.status == 0)
    return fmt::format("no answer from {}: trying again in {:.0f} s", host, seconds);
  return fmt::format("{} answers {}: trying again in {:.0f} s", host, wait.status, seconds);
}

}  // namespace

std::function<void(const RetryWait&)> WarnOfWaits(const std::string& registry,
                                                  std::function<void(const std::string&)> warn) {
  if (!warn) return nullptr;
  // Shared by the copies of the function that is returned.
  auto said = std::make_shared<Said>();
  return [said, host = RegistryName(registry), warn = std::move(warn)](const RetryWait& wait) {
    if (wait.time < std::chrono::seconds(1)) return;
    std::lock_guard<std::mutex> lock(said->mutex);
    Clock::time_point now = Clock::now();
    if (now < said->until) return;
    said->until = now + wait.time;
    warn(Line(host, wait));
  };
}

}  // namespace kontext
