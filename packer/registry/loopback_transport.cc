#include "packer/registry/loopback_transport.h"

#include <atomic>
#include <utility>

namespace kontext {
namespace {

// Of Go's net/http, and of nginx.
constexpr const char* kSentences[] = {"Client sent an HTTP request to an HTTPS server",
                                      "The plain HTTP request was sent to HTTPS port"};

bool WantsHttps(const Response& answer) {
  if (answer.status != 400) return false;
  for (const char* sentence : kSentences) {
    if (answer.body.find(sentence) != std::string::npos) return true;
  }
  return false;
}

class LoopbackTransport : public Transport {
 public:
  LoopbackTransport(std::unique_ptr<Transport> inner, const std::string& registry)
      : inner_(std::move(inner)),
        plain_("http://" + registry + "/"),
        secure_("https://" + registry + "/") {}

  Response Send(const Request& request) override {
    if (!request.url.starts_with(plain_)) return inner_->Send(request);
    if (!https_) {
      Response answer = inner_->Send(request);
      if (!WantsHttps(answer)) return answer;
      https_ = true;
    }
    Request secure = request;
    secure.url.replace(0, plain_.size(), secure_);
    return inner_->Send(secure);
  }

  std::string WithoutSecrets(std::string text) const override {
    return inner_->WithoutSecrets(std::move(text));
  }

 private:
  std::unique_ptr<Transport> inner_;
  std::string plain_;
  std::string secure_;
  std::atomic<bool> https_ = false;
};

}  // namespace

std::unique_ptr<Transport> NewLoopbackTransport(std::unique_ptr<Transport> inner,
                                                const std::string& registry) {
  return std::make_unique<LoopbackTransport>(std::move(inner), registry);
}

}  // namespace kontext
