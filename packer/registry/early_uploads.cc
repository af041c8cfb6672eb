#include "packer/registry/early_uploads.h"

#include <system_error>
#include <utility>

#include "packer/registry/blob_upload.h"

namespace kontext {
namespace {

std::optional<Response> TryToBegin(const Endpoint& endpoint) {
  try {
    Response answer = BeginUpload(endpoint, "upload");
    if (IsSuccess(answer.status)) return answer;
  } catch (const Error&) {
    // Told when there is something to send.
  }
  return std::nullopt;
}

}  // namespace

EarlyUploads::~EarlyUploads() {
  while (std::optional<Response> begun = Take()) CancelUpload(endpoint_, *begun);
}

void EarlyUploads::Begin(size_t count) {
  std::lock_guard lock(mutex_);
  try {
    while (begun_.size() < count) {
      begun_.push_back(std::async(std::launch::async, [this] { return TryToBegin(endpoint_); }));
    }
  } catch (const std::system_error&) {
    // No more threads.
  }
}

std::optional<Response> EarlyUploads::Take() {
  std::unique_lock lock(mutex_);
  while (!begun_.empty()) {
    std::future<std::optional<Response>> next = std::move(begun_.back());
    begun_.pop_back();
    lock.unlock();
    if (std::optional<Response> answer = next.get()) return answer;
    lock.lock();
  }
  return std::nullopt;
}

}  // namespace kontext
