// HTTP as the registry client sees it: one request, one response. Tests play a registry behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "packer/store/blob_source.h"

namespace kontext {

struct Response {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // of an answer that is not 2xx: its first 64 KiB
  std::string url;                             // where it came from, after redirects
  std::string hint{};      // what a user should know about a refusal beyond `body`; may be empty
  std::string protocol{};  // "HTTP/2"; may be empty
};

inline bool IsSuccess(int status) { return status >= 200 && status < 300; }

// Empty when there is none. `name` in lower case.
inline std::string HeaderOf(const Response& response, const std::string& name) {
  auto header = response.headers.find(name);
  return header == response.headers.end() ? "" : header->second;
}

struct Request {
  std::string method;  // "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"
  std::string url;     // absolute
  std::vector<std::pair<std::string, std::string>> headers;
  const BlobSource* body = nullptr;  // sent with its Content-Length; null: none
  // Takes the body of a 2xx answer as it comes; false hangs up, which is no error. Null: the body
  // is kept in Response::body, at most `max_body` bytes (more is an Error).
  std::function<bool(std::string_view)> sink;
  // Called with status, headers and url of a 2xx answer before its body goes to `sink`.
  std::function<void(const Response&)> on_answer;
  // `sink` works on what comes: so it is called in the thread that sends, and waits for no other
  // request, nor they for it. That takes a connection of its own.
  bool own_connection = false;
  uint64_t max_body = 64 * 1024;
  bool may_retry = true;     // false: whoever sends it starts over in its own way
  bool secret_body = false;  // `body` is for the server that `url` names alone
};

// Any number of threads at once.
class Transport {
 public:
  virtual ~Transport() = default;
  // Sends one request. A 4xx or 5xx is a Response; Error(kNetwork) means that no answer came.
  // Follows at most five redirects, without credentials to another host: any of a GET or HEAD, of
  // others those that ask for the same request again (307, 308), which sends the body once more.
  virtual Response Send(const Request& request) = 0;
  // What came from there, as it may be shown: it may quote what was sent.
  virtual std::string WithoutSecrets(std::string text) const { return text; }
};

}  // namespace kontext
