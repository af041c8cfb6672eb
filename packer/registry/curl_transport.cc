#include "packer/registry/curl_transport.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "packer/error.h"
#include "packer/registry/curl_exchange.h"
#include "packer/registry/curl_library.h"
#include "packer/registry/curl_multi.h"
#include "packer/registry/error_body.h"
#include "packer/registry/secrets.h"
#include "packer/registry/url.h"

namespace kontext {
namespace {

constexpr int kMaxRedirects = 5;
// Those that libcurl looks at.
constexpr const char* kProxyVariables[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                           "ALL_PROXY"};

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool IsRead(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

// RFC 9110, section 15.4: 307 and 308 ask for the very same request.
bool IsFollowed(const Request& request, int status) {
  if (status == 307 || status == 308) return true;
  return IsRead(request) && (status == 301 || status == 302 || status == 303);
}

// Why a request must not go on; null when it may.
const char* RedirectProblem(const Request& request, const Url& from, const Url& to) {
  if (request.secret_body && !SameOrigin(from, to)) return "it would take a secret to another host";
  return IsRead(request) ? HopProblem(from, to) : UploadHopProblem(from, to);
}

class CurlTransport : public Transport {
 public:
  explicit CurlTransport(CurlOptions options)
      : trace_(std::move(options.trace)), tls_folders_(std::move(options.tls_folders)) {
    settings_.user_agent = std::move(options.user_agent);
    // Set for OpenSSL, whose defaults libcurl replaces by its own.
    settings_.ca_file = Environment("SSL_CERT_FILE");
    settings_.ca_dir = Environment("SSL_CERT_DIR");
    settings_.insecure_tls = options.insecure_tls;
    settings_.stall_seconds = options.stall_seconds;
    settings_.unix_socket = std::move(options.unix_socket);
    settings_.no_proxy = Environment("no_proxy");
    if (settings_.no_proxy.empty()) settings_.no_proxy = Environment("NO_PROXY");
    for (const char* name : kProxyVariables) {
      has_proxy_ = has_proxy_ || !Environment(name).empty();
      for (std::string& secret : SecretsOfUrl(Environment(name))) {
        settings_.proxy_secrets.push_back(std::move(secret));
      }
    }
  }

  Response Send(const Request& request) override {
    bool credentials = true;
    Url url = ParseUrl(request.url);
    for (int hops = 0;; ++hops) {
      Response response = Exchange(request, url, credentials);
      std::string location = HeaderOf(response, "location");
      if (location.empty() || !IsFollowed(request, response.status)) return response;
      if (hops == kMaxRedirects) {
        throw Error(ErrorKind::kRegistry,
                    fmt::format("the answer is more than {} redirects away", kMaxRedirects));
      }
      Url next = ResolveUrl(url, location);
      if (const char* problem = RedirectProblem(request, url, next)) {
        throw Error(ErrorKind::kRegistry, fmt::format("a redirect to {} is not followed: {}",
                                                      RedactUrl(next.text), problem));
      }
      credentials = credentials && SameOrigin(url, next);
      url = std::move(next);
    }
  }

 private:
  struct FreeHandle {
    void operator()(CURL* handle) const { Curl().easy_cleanup(handle); }
  };
  using Handle = std::unique_ptr<CURL, FreeHandle>;

  // A handle for one exchange. Those that were used before know their TLS sessions.
  Handle TakeHandle() {
    std::lock_guard<std::mutex> lock(mutex_);
    Handle handle;
    if (idle_.empty()) {
      handle.reset(Curl().easy_init());
      if (handle == nullptr) throw std::bad_alloc();
    } else {
      handle = std::move(idle_.back());
      idle_.pop_back();
    }
    return handle;
  }

  Response Perform(const Request& request, const Url& url, bool credentials) {
    Handle handle = TakeHandle();
    std::shared_ptr<CurlMulti> multi = Multi();
    CurlExchange exchange(multi.get(), handle.get(), settings_, TlsOf(url), request);
    if (!MayBePrivate(url)) exchange.RefusePrivateAddress();
    Response response = Run(&exchange, multi, url, credentials);
    std::lock_guard<std::mutex> lock(mutex_);
    if (url.host == first_host_ && !first_is_public_) {
      const std::string& address = exchange.PeerAddress();
      first_is_public_ = !address.empty() && !IsPrivateHost(address);
    }
    // One that failed is not used again: it may keep the connection that it failed on.
    if (exchange.Sound()) idle_.push_back(std::move(handle));
    return response;
  }

  Response Run(CurlExchange* exchange, const std::shared_ptr<CurlMulti>& multi, const Url& url,
               bool credentials) {
    try {
      Response response = exchange->Run(url.text, credentials);
      if (exchange->Stalled()) Leave(multi);
      return response;
    } catch (...) {
      if (exchange->Stalled()) Leave(multi);
      throw;
    }
  }

  std::shared_ptr<CurlMulti> Multi() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (multi_ == nullptr) multi_ = std::make_shared<CurlMulti>();
    return multi_;
  }

  // libcurl keeps an HTTP/2 connection on which a stream has stalled, and would send all that
  // comes on it again, though a firewall may have forgotten it. What is under way there may end.
  void Leave(const std::shared_ptr<CurlMulti>& multi) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (multi_ == multi) multi_.reset();
  }

  // A host that is met first, the registry, and at a public address, must not lead into its
  // clients' networks by names either: HopProblem sees addresses alone. Where there is a proxy,
  // that is who decides whom it reaches.
  bool MayBePrivate(const Url& url) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (first_host_.empty()) first_host_ = url.host;
    return has_proxy_ || !first_is_public_ || url.host == first_host_;
  }

  Response Exchange(const Request& request, const Url& url, bool credentials) {
    using Clock = std::chrono::steady_clock;
    Trace([&] {
      std::string sent = request.body ? fmt::format(" ({} bytes)", request.body->size()) : "";
      if (credentials) sent += ShownAuthorization(request);
      return fmt::format("> {} {}{}", request.method, RedactUrl(url.text), sent);
    });
    Clock::time_point begin = Clock::now();
    auto elapsed = [&] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
    };
    try {
      Response response = Perform(request, url, credentials);
      Trace([&] {
        return fmt::format("< {} in {} ms, {}", response.status, elapsed(),
                           QuoteLine(response.protocol));
      });
      return response;
    } catch (const Error& error) {
      Trace([&] { return fmt::format("< no answer in {} ms: {}", elapsed(), error.what()); });
      throw;
    }
  }

  const HostTls& TlsOf(const Url& url) {
    static const HostTls kNone;
    if (url.scheme != "https") return kNone;
    std::string host = fmt::format("{} {}", url.host, url.port);
    std::lock_guard<std::mutex> lock(mutex_);
    auto known = hosts_.find(host);
    if (known != hosts_.end()) return known->second;
    TlsFiles files = FindTlsFiles(tls_folders_, url.host, url.port);
    HostTls tls{"", files.certificate, files.key};
    if (!files.authorities.empty()) {
      // Trusted beside the others: libcurl would take them in their place.
      std::string others = settings_.ca_file.empty() ? DefaultAuthorities() : settings_.ca_file;
      if (!others.empty()) files.authorities.push_back(others);
      tls.authorities = ReadPemFiles(files.authorities);
    }
    return hosts_.emplace(host, std::move(tls)).first->second;
  }

  // The file that libcurl was built to trust; empty when this machine has it not.
  static std::string DefaultAuthorities() {
    const char* path = Curl().version_info(CURLVERSION_NOW)->cainfo;
    return path == nullptr || !std::filesystem::exists(path) ? "" : path;
  }

  // "Authorization: Bearer ***".
  static std::string ShownAuthorization(const Request& request) {
    for (const auto& [name, value] : request.headers) {
      if (name != "Authorization") continue;
      return fmt::format(" (Authorization: {} ***)", value.substr(0, value.find(' ')));
    }
    return {};
  }

  template <typename Line>
  void Trace(Line line) const {
    if (!trace_) return;
    std::string text = line();
    std::lock_guard<std::mutex> lock(trace_mutex_);
    trace_(text);
  }

  std::function<void(std::string_view)> trace_;
  mutable std::mutex trace_mutex_;
  CurlSettings settings_;
  std::vector<std::string> tls_folders_;
  bool has_proxy_ = false;
  std::mutex mutex_;                      // guards what follows
  std::map<std::string, HostTls> hosts_;  // by "host port"; an entry stays where and what it is
  std::string first_host_;
  bool first_is_public_ = false;
  std::vector<Handle> idle_;
  std::shared_ptr<CurlMulti> multi_;  // of new exchanges; null: the next one makes it
};

}  // namespace

std::unique_ptr<Transport> NewCurlTransport(CurlOptions options) {
  return std::make_unique<CurlTransport>(std::move(options));
}

}  // namespace kontext
