#include "packer/registry/curl_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "packer/error.h"
#include "packer/registry/no_proxy.h"
#include "packer/registry/secrets.h"
#include "packer/registry/text.h"
#include "packer/registry/url.h"

namespace kontext {
namespace {

constexpr long kConnectSeconds = 30;
// A transfer slower than this has stalled, whatever may drip from it. Six uploads at once over the
// slowest modem (14,400 bit/s) are as fast.
constexpr long kStallBytesPerSecond = 256;
constexpr long kBufferBytes = 256 * 1024;
constexpr size_t kMaxHeaderBytes = 64 * 1024;
constexpr size_t kMaxRefusalBytes = 64 * 1024;

template <typename Value>
void Set(CURL* handle, CURLoption option, Value value) {
  CURLcode code = Curl().easy_setopt(handle, option, value);
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLE_OK) {
    throw Error(ErrorKind::kUsage, fmt::format("libcurl: {}", Curl().easy_strerror(code)));
  }
}

bool IsCredential(const std::string& header) {
  std::string name = LowerCase(header);
  return name == "authorization" || name == "cookie";
}

}  // namespace

CurlExchange::CurlExchange(CurlMulti* multi, CURL* handle, const CurlSettings& settings,
                           const HostTls& tls, const Request& request)
    : multi_(multi), handle_(handle), settings_(settings), tls_(tls), request_(request) {}

Response CurlExchange::Run(const std::string& url, bool credentials) {
  Curl().easy_reset(handle_);
  response_.url = url;
  SetConnection(url);
  SetTls();
  SetMethod();
  SetHeaders(credentials);
  CURLcode code = request_.own_connection ? Curl().easy_perform(handle_) : multi_->Perform(handle_);
  stalled_ = code == CURLE_OPERATION_TIMEDOUT;
  sound_ = code == CURLE_OK || hung_up_;
  const char* peer = nullptr;
  if (Curl().easy_getinfo(handle_, CURLINFO_PRIMARY_IP, &peer) == CURLE_OK && peer) peer_ = peer;
  bool refused = IsRefused();
  // What was set points into this object.
  Curl().easy_reset(handle_);
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  // A proxy's refusal may quote what it was sent.
  if (!IsSuccess(response_.status)) {
    response_.body = Blank(std::move(response_.body), settings_.proxy_secrets);
  }
  if (code != CURLE_OK && !hung_up_ && !refused) Fail(code);
  if (IsSuccess(response_.status) && !announced_ && request_.on_answer) {
    request_.on_answer(response_);  // there was no body
  }
  return std::move(response_);
}

// The registry has said no: all that may be missing is the end of its words. Some hang up in the
// middle of a body that they do not want. A proxy's answer to CONNECT is not the registry's.
bool CurlExchange::IsRefused() const {
  long status = 0;
  Curl().easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  return headers_over_ && status >= 400 && status == response_.status;
}

void CurlExchange::SetConnection(const std::string& url) {
  Set(handle_, CURLOPT_URL, url.c_str());
  Url parsed = ParseUrl(url);
  // No proxy leads to this machine; Go's programs leave it out as well. What else libcurl knows of
  // NO_PROXY it finds by itself.
  bool direct = IsLoopbackHost(parsed.host) || IsExcepted(settings_.no_proxy, parsed);
  if (direct) Set(handle_, CURLOPT_PROXY, "");
  if (!settings_.unix_socket.empty()) {
    Set(handle_, CURLOPT_UNIX_SOCKET_PATH, settings_.unix_socket.c_str());
  }
  if (public_only_) {
    Set(handle_, CURLOPT_PREREQFUNCTION, &CurlExchange::OnConnected);
    Set(handle_, CURLOPT_PREREQDATA, this);
  }
  Set(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(handle_, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  // Rather a stream of a connection that is being made than one of its own.
  Set(handle_, CURLOPT_PIPEWAIT, 1L);
  Set(handle_, CURLOPT_NOSIGNAL, 1L);
  Set(handle_, CURLOPT_FOLLOWLOCATION, 0L);
  Set(handle_, CURLOPT_CONNECTTIMEOUT, std::min(kConnectSeconds, settings_.stall_seconds));
  Set(handle_, CURLOPT_LOW_SPEED_LIMIT, kStallBytesPerSecond);
  Set(handle_, CURLOPT_LOW_SPEED_TIME, settings_.stall_seconds);
  // Only for speed, and refused while a buffer of a request that failed is still there.
  (void)Curl().easy_setopt(handle_, CURLOPT_BUFFERSIZE, kBufferBytes);
  (void)Curl().easy_setopt(handle_, CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
  Set(handle_, CURLOPT_USERAGENT, settings_.user_agent.c_str());
  Set(handle_, CURLOPT_ERRORBUFFER, message_);
  // What is meant for the registry is not for a proxy on the way to it.
  Set(handle_, CURLOPT_HEADEROPT, long{CURLHEADER_SEPARATE});
  Set(handle_, CURLOPT_HEADERFUNCTION, &CurlExchange::OnHeader);
  Set(handle_, CURLOPT_HEADERDATA, this);
  Set(handle_, CURLOPT_WRITEFUNCTION, &CurlExchange::OnBody);
  Set(handle_, CURLOPT_WRITEDATA, this);
}

void CurlExchange::SetTls() {
  if (settings_.insecure_tls) {
    Set(handle_, CURLOPT_SSL_VERIFYPEER, 0L);
    Set(handle_, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!settings_.ca_file.empty()) Set(handle_, CURLOPT_CAINFO, settings_.ca_file.c_str());
  if (!settings_.ca_dir.empty()) Set(handle_, CURLOPT_CAPATH, settings_.ca_dir.c_str());
  SetProxyTls();
  if (!tls_.authorities.empty()) {
    curl_blob pem{const_cast<char*>(tls_.authorities.data()), tls_.authorities.size(),
                  CURL_BLOB_NOCOPY};
    Set(handle_, CURLOPT_CAINFO_BLOB, &pem);
  }
  if (tls_.certificate.empty()) return;
  Set(handle_, CURLOPT_SSLCERT, tls_.certificate.c_str());
  Set(handle_, CURLOPT_SSLKEY, tls_.key.c_str());
  Set(handle_, CURLOPT_KEYPASSWD, "");  // else OpenSSL asks for one on the terminal
}

// Of a proxy that is itself spoken to by TLS: trusted is what is of a registry, but for certs.d.
void CurlExchange::SetProxyTls() {
  if (settings_.insecure_tls) {
    Set(handle_, CURLOPT_PROXY_SSL_VERIFYPEER, 0L);
    Set(handle_, CURLOPT_PROXY_SSL_VERIFYHOST, 0L);
  }
  if (!settings_.ca_file.empty()) Set(handle_, CURLOPT_PROXY_CAINFO, settings_.ca_file.c_str());
  if (!settings_.ca_dir.empty()) Set(handle_, CURLOPT_PROXY_CAPATH, settings_.ca_dir.c_str());
}

void CurlExchange::SetMethod() {
  const std::string& method = request_.method;
  if (request_.body != nullptr) {
    Set(handle_, CURLOPT_UPLOAD, 1L);
    Set(handle_, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body->size()));
    Set(handle_, CURLOPT_READFUNCTION, &CurlExchange::OnRead);
    Set(handle_, CURLOPT_READDATA, this);
    Set(handle_, CURLOPT_SEEKFUNCTION, &CurlExchange::OnSeek);
    Set(handle_, CURLOPT_SEEKDATA, this);
  } else if (method == "HEAD") {
    Set(handle_, CURLOPT_NOBODY, 1L);
  } else if (method == "POST" || method == "PUT" || method == "PATCH") {
    // An empty body with "Content-Length: 0", which some servers insist on.
    Set(handle_, CURLOPT_POST, 1L);
    Set(handle_, CURLOPT_POSTFIELDS, "");
    Set(handle_, CURLOPT_POSTFIELDSIZE, 0L);
  } else {
    Set(handle_, CURLOPT_HTTPGET, 1L);
  }
  if (method != "HEAD" && method != "GET") Set(handle_, CURLOPT_CUSTOMREQUEST, method.c_str());
}

void CurlExchange::SetHeaders(bool credentials) {
  bool has_type = false;
  for (const auto& [name, value] : request_.headers) {
    if (!credentials && IsCredential(name)) continue;
    has_type = has_type || LowerCase(name) == "content-type";
    AddHeader(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  AddHeader("Expect:");                       // a round trip before every body, for nothing
  if (!has_type) AddHeader("Content-Type:");  // else a POST claims to be a form
  Set(handle_, CURLOPT_HTTPHEADER, header_list_.get());
}

void CurlExchange::AddHeader(const std::string& line) {
  curl_slist* list = Curl().slist_append(header_list_.get(), line.c_str());
  if (list == nullptr) throw std::bad_alloc();
  (void)header_list_.release();
  header_list_.reset(list);
}

void CurlExchange::Fail(CURLcode code) const {
  // It may quote a proxy's URL.
  std::string text =
      Blank(message_[0] != '\0' ? message_ : Curl().easy_strerror(code), settings_.proxy_secrets);
  if (response_.status == 407) text += "; HTTPS_PROXY names the proxy's user and password";
  switch (code) {
    case CURLE_OUT_OF_MEMORY:
      throw std::bad_alloc();
    case CURLE_URL_MALFORMAT:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      throw Error(ErrorKind::kUsage, text);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      throw Error(ErrorKind::kRegistry,
                  text + "; give its CA by SSL_CERT_FILE or in certs.d (--insecure-tls takes any)");
    case CURLE_SEND_FAIL_REWIND:  // see OnSeek
      throw Error(ErrorKind::kNetwork, "the connection broke while a body was sent");
    case CURLE_UNSUPPORTED_PROTOCOL:  // what libcurl says of an answer that is not HTTP
      throw Error(ErrorKind::kRegistry, "the server does not speak HTTP (" + text + ")");
    default:
      throw Error(ErrorKind::kNetwork, text);
  }
}

template <typename Action>
bool CurlExchange::Guard(Action action) {
  try {
    return action();
  } catch (...) {
    failure_ = std::current_exception();
    return false;
  }
}

int CurlExchange::OnConnected(void* self, char* address, char*, int, int) {
  bool good = static_cast<CurlExchange*>(self)->Guard([&] {
    if (!IsPrivateHost(address)) return true;
    throw Error(ErrorKind::kRegistry, "another host named it, and it has a private address");
  });
  return good ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

size_t CurlExchange::OnHeader(char* data, size_t size, size_t count, void* self) {
  auto* exchange = static_cast<CurlExchange*>(self);
  size_t bytes = size * count;
  bool good = exchange->Guard([&] {
    exchange->TakeHeader(std::string_view(data, bytes));
    return true;
  });
  return good ? bytes : 0;
}

size_t CurlExchange::OnBody(char* data, size_t size, size_t count, void* self) {
  auto* exchange = static_cast<CurlExchange*>(self);
  size_t bytes = size * count;
  bool more = exchange->Guard([&] { return exchange->TakeBody(std::string_view(data, bytes)); });
  if (more) return bytes;
  exchange->hung_up_ = true;
  return bytes == 0 ? 1 : 0;  // anything but what was given ends the transfer
}

size_t CurlExchange::OnRead(char* out, size_t size, size_t count, void* self) {
  auto* exchange = static_cast<CurlExchange*>(self);
  size_t got = 0;
  bool good = exchange->Guard([&] {
    got = exchange->ReadBody(out, size * count);
    return true;
  });
  return good ? got : CURL_READFUNC_ABORT;
}

int CurlExchange::OnSeek(void* self, curl_off_t offset, int origin) {
  bool unsent = static_cast<CurlExchange*>(self)->sent_ == 0;
  bool stays = unsent && origin == SEEK_SET && offset == 0;
  return stays ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

void CurlExchange::TakeHeader(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    throw Error(ErrorKind::kFormat, "the answer's headers are longer than 64 KiB");
  }
  if (line.starts_with("HTTP/")) {  // a 1xx or a proxy's answer may have come before
    response_.headers.clear();
    headers_over_ = false;
    size_t space = line.find(' ');
    response_.protocol = line.substr(0, std::min(space, line.size()));
    std::string code(space == std::string_view::npos ? "" : line.substr(space + 1, 3));
    response_.status = std::atoi(code.c_str());
    return;
  }
  headers_over_ = headers_over_ || Trim(line).empty();
  size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string name = LowerCase(Trim(line.substr(0, colon)));
  std::string value(Trim(line.substr(colon + 1)));
  auto [place, is_new] = response_.headers.try_emplace(name, value);
  if (is_new) return;
  // Several challenges are one list (RFC 9110, section 11.6.1); of anything else the last counts.
  place->second = name == "www-authenticate" ? place->second + ", " + value : value;
}

bool CurlExchange::TakeBody(std::string_view bytes) {
  if (!IsSuccess(response_.status)) {
    response_.body += bytes.substr(0, kMaxRefusalBytes - response_.body.size());
    return response_.body.size() < kMaxRefusalBytes;
  }
  if (!announced_ && request_.on_answer) request_.on_answer(response_);
  announced_ = true;
  if (request_.sink) return request_.sink(bytes);
  if (bytes.size() > request_.max_body - response_.body.size()) {
    throw Error(ErrorKind::kFormat,
                fmt::format("the answer is longer than {} bytes", request_.max_body));
  }
  response_.body += bytes;
  return true;
}

size_t CurlExchange::ReadBody(char* out, size_t size) {
  if (reader_ == nullptr) reader_ = request_.body->Open(0);
  size_t left = std::min<uint64_t>(size, request_.body->size() - sent_);
  if (left == 0) return 0;
  size_t got = reader_->Read(out, left);
  if (got == 0) {
    throw Error(ErrorKind::kChanged, fmt::format("what is uploaded ended after {} of {} bytes",
                                                 sent_, request_.body->size()));
  }
  sent_ += got;
  return got;
}

}  // namespace kontext
