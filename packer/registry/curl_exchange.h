// One request and its answer on a libcurl easy handle, without redirects.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "packer/registry/curl_library.h"
#include "packer/registry/curl_multi.h"
#include "packer/registry/transport.h"
#include "packer/store/blob_source.h"

namespace kontext {

struct CurlSettings {
  std::string user_agent;
  std::string ca_file;  // empty: libcurl's own
  std::string ca_dir;
  bool insecure_tls = false;
  std::string unix_socket;  // instead of the URL's host; empty: none
  long stall_seconds = 60;  // next to nothing on the way; proxies cut one off after 60 s as well
  std::string no_proxy;     // the environment's NO_PROXY
  std::vector<std::string> proxy_secrets;
};

// What one host needs beside the settings of all.
struct HostTls {
  std::string authorities;  // PEM, in place of ca_file; empty: none
  std::string certificate;  // files of the client; empty: none
  std::string key;
};

// Lives on the stack of the call that sends; all that it is given must outlive it.
class CurlExchange {
 public:
  CurlExchange(CurlMulti* multi, CURL* handle, const CurlSettings& settings, const HostTls& tls,
               const Request& request);
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  // Sends it to `url` in place of the request's own; `credentials` false leaves Authorization and
  // Cookie out. At most once.
  Response Run(const std::string& url, bool credentials);

  // Before Run: nothing is sent to a private address, however the host is called.
  void RefusePrivateAddress() { public_only_ = true; }

  // After Run, also one that has thrown: nothing moved any more. Its connection may be dead.
  bool Stalled() const { return stalled_; }

  // After Run: it came to its end, or we hung up. If not, its connection may be dead, whatever
  // answer was made of what had come.
  bool Sound() const { return sound_; }

  // After Run: the address that it was sent to, the server's or a proxy's; may be empty.
  const std::string& PeerAddress() const { return peer_; }

 private:
  struct FreeList {
    void operator()(curl_slist* list) const { Curl().slist_free_all(list); }
  };

  void SetConnection(const std::string& url);
  void SetTls();
  void SetProxyTls();
  void SetMethod();
  void SetHeaders(bool credentials);
  void AddHeader(const std::string& line);
  bool IsRefused() const;
  [[noreturn]] void Fail(CURLcode code) const;

  // What libcurl calls. None lets an exception out: it is kept in failure_ for Run.
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static size_t OnRead(char* out, size_t size, size_t count, void* self);
  // libcurl would send a body once more when a kept connection turns out to be dead. It may have
  // arrived, though, in part or as a whole: that is for those to find out who sent it.
  static int OnSeek(void* self, curl_off_t offset, int origin);
  static int OnConnected(void* self, char* address, char* own_address, int port, int own_port);
  template <typename Action>
  bool Guard(Action action);

  void TakeHeader(std::string_view line);
  bool TakeBody(std::string_view bytes);
  size_t ReadBody(char* out, size_t size);

  CurlMulti* multi_;
  CURL* handle_;
  const CurlSettings& settings_;
  const HostTls& tls_;
  const Request& request_;
  std::unique_ptr<curl_slist, FreeList> header_list_;
  std::unique_ptr<BlobReader> reader_;
  uint64_t sent_ = 0;
  Response response_;
  size_t header_bytes_ = 0;
  std::string peer_;
  bool public_only_ = false;
  bool headers_over_ = false;
  bool announced_ = false;
  bool hung_up_ = false;
  bool stalled_ = false;
  bool sound_ = false;
  std::exception_ptr failure_;
  char message_[CURL_ERROR_SIZE] = {};
};

}  // namespace kontext
