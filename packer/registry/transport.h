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
  uint64_t max_body = 64 * 1024;
  bool may_retry = true;  // false: whoever sends it starts over in its own way
};

// Any number of threads at once.
class Transport {
 public:
  virtual ~Transport() = default;
  // Sends one request. A 4xx or 5xx is a Response; Error(kNetwork) means that no answer came.
  // Follows redirects of GET and HEAD only, at most five, without credentials to another host.
  virtual Response Send(const Request& request) = 0;
};

}  // namespace kontext
