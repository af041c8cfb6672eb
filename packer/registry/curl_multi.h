// Transfers of several threads over one libcurl multi handle: they share its connections, as
// streams of one where the server speaks HTTP/2.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "packer/registry/curl_library.h"

namespace kontext {

class CurlMulti {
 public:
  CurlMulti();
  // No Perform may be under way.
  ~CurlMulti();
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  // Runs one transfer to its end, as curl_easy_perform does; any number of threads at once. While
  // the caller waits, what it set on `handle` is called back in a thread of ours, in one transfer
  // after the other: a callback must not wait for another transfer.
  CURLcode Perform(CURL* handle);

 private:
  struct Transfer {
    CURL* handle;
    CURLcode code = CURLE_OK;
    bool done = false;
  };
  struct Cleanup {
    void operator()(CURLM* multi) const { Curl().multi_cleanup(multi); }
  };

  void Run();
  bool TakeNew();
  void TakeDone();
  void End(CURL* handle, CURLcode code);
  void EndAll(CURLcode code);

  std::unique_ptr<CURLM, Cleanup> multi_;  // used by thread_ alone, but for curl_multi_wakeup
  std::map<CURL*, Transfer*> running_;     // the same
  std::mutex mutex_;                       // guards what follows, and every Transfer
  std::condition_variable done_;
  std::vector<Transfer*> added_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace kontext
