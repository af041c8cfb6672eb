#include "packer/registry/curl_multi.h"

#include <new>
#include <utility>

namespace kontext {
namespace {

// Ends early for all that happens; only so that a wakeup that got lost would not be for ever.
constexpr int kPollMilliseconds = 10'000;

}  // namespace

CurlMulti::CurlMulti() : multi_(Curl().multi_init()) {
  if (multi_ == nullptr) throw std::bad_alloc();
  thread_ = std::thread([this] { Run(); });
}

CurlMulti::~CurlMulti() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  Curl().multi_wakeup(multi_.get());
  thread_.join();
}

CURLcode CurlMulti::Perform(CURL* handle) {
  Transfer transfer{handle};
  std::unique_lock<std::mutex> lock(mutex_);
  added_.push_back(&transfer);
  Curl().multi_wakeup(multi_.get());
  done_.wait(lock, [&] { return transfer.done; });
  return transfer.code;
}

void CurlMulti::Run() {
  while (TakeNew()) {
    int running = 0;
    if (Curl().multi_perform(multi_.get(), &running) != CURLM_OK) EndAll(CURLE_FAILED_INIT);
    TakeDone();
    if (Curl().multi_poll(multi_.get(), nullptr, 0, kPollMilliseconds, nullptr) != CURLM_OK) {
      EndAll(CURLE_FAILED_INIT);
    }
  }
}

// False when it is time to end.
bool CurlMulti::TakeNew() {
  std::vector<Transfer*> added;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stop_) return false;
    added.swap(added_);
  }
  for (Transfer* transfer : added) {
    running_[transfer->handle] = transfer;
    CURLMcode code = Curl().multi_add_handle(multi_.get(), transfer->handle);
    if (code != CURLM_OK) {
      End(transfer->handle, code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT);
    }
  }
  return true;
}

void CurlMulti::TakeDone() {
  int left = 0;
  while (CURLMsg* message = Curl().multi_info_read(multi_.get(), &left)) {
    // The message is gone with its handle.
    if (message->msg == CURLMSG_DONE) End(message->easy_handle, message->data.result);
  }
}

void CurlMulti::End(CURL* handle, CURLcode code) {
  auto found = running_.find(handle);
  if (found == running_.end()) return;
  Transfer* transfer = found->second;
  running_.erase(found);
  Curl().multi_remove_handle(multi_.get(), handle);
  std::lock_guard<std::mutex> lock(mutex_);
  transfer->code = code;
  transfer->done = true;
  done_.notify_all();
}

void CurlMulti::EndAll(CURLcode code) {
  while (!running_.empty()) End(running_.begin()->first, code);
}

}  // namespace kontext
