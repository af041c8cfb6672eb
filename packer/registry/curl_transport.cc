#include "packer/registry/curl_transport.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <new>
#include <utility>

#include "packer/error.h"
#include "packer/registry/curl_exchange.h"
#include "packer/registry/url.h"

namespace kontext {
namespace {

constexpr int kMaxRedirects = 5;

// libcurl wants this once a process, before any other thread calls it.
void InitCurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw Error(ErrorKind::kNetwork, "libcurl does not start");
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

class CurlTransport : public Transport {
 public:
  explicit CurlTransport(CurlOptions options)
      : trace_(std::move(options.trace)), handle_(curl_easy_init()) {
    if (handle_ == nullptr) throw std::bad_alloc();
    settings_.user_agent = std::move(options.user_agent);
    // Set for OpenSSL, whose defaults libcurl replaces by its own.
    settings_.ca_file = Environment("SSL_CERT_FILE");
    settings_.ca_dir = Environment("SSL_CERT_DIR");
  }

  Response Send(const Request& request) override {
    bool follow = request.method == "GET" || request.method == "HEAD";
    bool credentials = true;
    Url url = ParseUrl(request.url);
    for (int hops = 0;; ++hops) {
      Response response = Exchange(request, url, credentials);
      auto location = response.headers.find("location");
      if (!follow || !IsRedirect(response.status) || location == response.headers.end()) {
        return response;
      }
      if (hops == kMaxRedirects) {
        throw Error(ErrorKind::kRegistry,
                    fmt::format("the answer is more than {} redirects away", kMaxRedirects));
      }
      Url next = ResolveUrl(url, location->second);
      if (const char* problem = HopProblem(url, next)) {
        throw Error(ErrorKind::kRegistry, fmt::format("a redirect to {} is not followed: {}",
                                                      RedactUrl(next.text), problem));
      }
      credentials = credentials && SameOrigin(url, next);
      url = std::move(next);
    }
  }

 private:
  struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };

  Response Exchange(const Request& request, const Url& url, bool credentials) {
    using Clock = std::chrono::steady_clock;
    Trace([&] {
      std::string sent = request.body ? fmt::format(" ({} bytes)", request.body->size()) : "";
      return fmt::format("> {} {}{}", request.method, RedactUrl(url.text), sent);
    });
    Clock::time_point begin = Clock::now();
    auto elapsed = [&] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
    };
    try {
      Response response =
          CurlExchange(handle_.get(), settings_, request).Run(url.text, credentials);
      Trace([&] { return fmt::format("< {} in {} ms", response.status, elapsed()); });
      return response;
    } catch (const Error& error) {
      Trace([&] { return fmt::format("< no answer in {} ms: {}", elapsed(), error.what()); });
      throw;
    }
  }

  template <typename Line>
  void Trace(Line line) const {
    if (trace_) trace_(line());
  }

  std::function<void(std::string_view)> trace_;
  CurlSettings settings_;
  std::unique_ptr<CURL, FreeHandle> handle_;
};

}  // namespace

std::unique_ptr<Transport> NewCurlTransport(CurlOptions options) {
  InitCurl();
  return std::make_unique<CurlTransport>(std::move(options));
}

}  // namespace kontext
