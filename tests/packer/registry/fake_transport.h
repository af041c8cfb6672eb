// A Transport that plays a registry from a script: one step a request, in order.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "packer/error.h"
#include "packer/registry/transport.h"

namespace kontext {

struct SeenRequest {
  std::string method;
  std::string url;
  std::map<std::string, std::string> headers;
  std::string body;
};

struct Step {
  int status = 200;  // 0: no answer comes
  std::map<std::string, std::string> headers;
  std::string body;
  size_t break_after = std::string::npos;  // the connection breaks after so many bytes of `body`
  std::string url{};                       // where a redirect has led to; empty: nowhere
};

// Outlives the transports made from it, so that a test can look at what was sent.
struct Script {
  std::vector<Step> steps;
  std::vector<SeenRequest> seen;
  size_t hung_up = 0;  // answers that were not taken to their end

  std::string Methods() const {
    std::string methods;
    for (const SeenRequest& request : seen)
      methods += (methods.empty() ? "" : " ") + request.method;
    return methods;
  }
};

inline std::string ReadAll(const BlobSource& source) {
  std::string bytes(source.size(), '\0');
  std::unique_ptr<BlobReader> reader = source.Open(0);
  size_t got = 0;
  while (size_t more = reader->Read(bytes.data() + got, bytes.size() - got)) got += more;
  bytes.resize(got);
  return bytes;
}

class FakeTransport : public Transport {
 public:
  explicit FakeTransport(Script* script) : script_(script) {}

  Response Send(const Request& request) override {
    SeenRequest seen{request.method, request.url, {}, ""};
    seen.headers.insert(request.headers.begin(), request.headers.end());
    if (request.body != nullptr) seen.body = ReadAll(*request.body);
    script_->seen.push_back(seen);
    if (script_->seen.size() > script_->steps.size()) {
      ADD_FAILURE() << "not in the script: " << request.method << " " << request.url;
      throw Error(ErrorKind::kRegistry, "not in the script");
    }
    return Answer(request, script_->steps[script_->seen.size() - 1]);
  }

 private:
  Response Answer(const Request& request, const Step& step) const {
    if (step.status == 0) throw Error(ErrorKind::kNetwork, "connection refused");
    Response response{step.status, step.headers, "", step.url.empty() ? request.url : step.url};
    if (step.status / 100 != 2) {
      response.body = step.body.substr(0, 64 * 1024);
      return response;
    }
    if (request.on_answer) request.on_answer(response);
    std::string body = step.body.substr(0, step.break_after);
    if (request.sink) {
      // In pieces, as a network would.
      for (size_t i = 0; i < body.size(); i += 7) {
        if (request.sink(std::string_view(body).substr(i, 7))) continue;
        ++script_->hung_up;
        return response;
      }
    } else {
      response.body = body;
    }
    if (step.break_after != std::string::npos) throw Error(ErrorKind::kNetwork, "connection lost");
    return response;
  }

  Script* script_;
};

}  // namespace kontext
