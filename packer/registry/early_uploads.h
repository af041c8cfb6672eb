// Uploads that are begun while it is still being made what goes into them: what a registry takes to
// begin one, and the way there and back, is then over when there is something to send.
#pragma once

#include <cstddef>
#include <future>
#include <mutex>
#include <optional>
#include <vector>

#include "packer/registry/endpoint.h"

namespace kontext {

// Any number of threads at once.
class EarlyUploads {
 public:
  // `endpoint` must outlive it.
  explicit EarlyUploads(const Endpoint& endpoint) : endpoint_(endpoint) {}
  // Takes back what nobody wanted, as far as the registry lets it.
  ~EarlyUploads();
  EarlyUploads(const EarlyUploads&) = delete;
  EarlyUploads& operator=(const EarlyUploads&) = delete;

  // Sees to it that so many are there or under way. Returns at once; trouble is not told: whoever
  // begins an upload of his own meets it again.
  void Begin(size_t count);

  // The registry's answer to the POST that began one, for UploadBlob; waits for it when it is under
  // way. Nothing when there is none left, or when it was refused.
  std::optional<Response> Take();

 private:
  const Endpoint& endpoint_;
  std::mutex mutex_;
  std::vector<std::future<std::optional<Response>>> begun_;
};

}  // namespace kontext
