#include "packer/registry/blob_download.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <string>

#include "packer/registry/error_body.h"

namespace kontext {
namespace {

// To unpack what is smaller takes no longer than to connect.
constexpr uint64_t kLarge = 1024 * 1024;

class Download {
 public:
  Download(const Endpoint& endpoint, const Descriptor& blob, uint64_t wanted,
           const std::function<bool(std::string_view)>& sink)
      : endpoint_(endpoint),
        blob_(blob),
        wanted_(wanted),
        sink_(sink),
        subject_(BlobSubject(blob.digest)) {}

  void Run() {
    Response answer = Fetch();
    // A complete answer, and yet too short: a cache on the way may have kept what broke off.
    bool whole = offset_ == wanted_ || hung_up_ || !other_range_.empty();
    if (IsSuccess(answer.status) && !whole) answer = Fetch();
    // Not thrown through Send and WithRetries, which would take it for their own.
    if (sink_failure_ != nullptr) std::rethrow_exception(sink_failure_);
    if (answer.status == 416) {
      endpoint_.Fail(ErrorKind::kFormat, subject_, "damaged: it is shorter than its manifest says");
    }
    if (!IsSuccess(answer.status)) endpoint_.Refuse(answer, subject_);
    if (!other_range_.empty()) {
      endpoint_.Fail(ErrorKind::kFormat, subject_,
                     fmt::format("asked for bytes from {}, got \"{}\"", offset_, other_range_));
    }
  }

 private:
  Response Fetch() {
    return WithRetries(endpoint_.retry(),
                       {.send = [this] { return Try(); }, .reached = [this] { return offset_; }});
  }

  Response Try() {
    bool part = offset_ > 0 || wanted_ < blob_.size;
    Response answer = Ask(part && ranges_);
    // Some know no ranges, or no longer what they are of: the whole serves as well.
    bool refused = answer.status == 416 || answer.status == 501 || !other_range_.empty();
    if (!part || !ranges_ || !refused) return answer;
    ranges_ = false;
    return Ask(false);
  }

  Response Ask(bool range) {
    Request request;
    request.method = "GET";
    request.url = endpoint_.BlobUrl(blob_.digest);
    request.may_retry = false;
    request.own_connection = wanted_ - offset_ > kLarge;
    if (range) {
      request.headers.emplace_back("Range", fmt::format("bytes={}-{}", offset_, wanted_ - 1));
    }
    request.on_answer = [this](const Response& answer) { CheckRange(answer); };
    request.sink = [this](std::string_view bytes) { return Take(bytes); };
    other_range_.clear();
    return endpoint_.Send(request, subject_);
  }

  // 200 is the whole blob, whatever was asked for.
  void CheckRange(const Response& answer) {
    bool partial = answer.status == 206;
    skip_ = partial ? 0 : offset_;
    ends_there_ = partial || wanted_ == blob_.size;
    if (!partial) return;
    std::string range = HeaderOf(answer, "content-range");
    if (range.empty() || range.starts_with(fmt::format("bytes {}-", offset_))) return;
    other_range_ = endpoint_.Quote(range);
  }

  bool Take(std::string_view bytes) {
    if (!other_range_.empty()) return false;
    size_t skipped = std::min<uint64_t>(skip_, bytes.size());
    skip_ -= skipped;
    bytes.remove_prefix(skipped);
    bytes = bytes.substr(0, wanted_ - offset_);
    if (bytes.empty()) return offset_ < wanted_;
    offset_ += bytes.size();
    try {
      hung_up_ = !sink_(bytes);
    } catch (...) {
      sink_failure_ = std::current_exception();
      hung_up_ = true;
    }
    return offset_ < wanted_ ? !hung_up_ : ends_there_;
  }

  const Endpoint& endpoint_;
  const Descriptor& blob_;
  const uint64_t wanted_;
  const std::function<bool(std::string_view)>& sink_;
  std::string subject_;
  uint64_t offset_ = 0;  // delivered so far
  uint64_t skip_ = 0;    // of this answer: delivered by an earlier one
  // The answer ends with what is wanted: no need to hang up, which would cost the connection.
  bool ends_there_ = false;
  bool hung_up_ = false;     // the sink has enough
  bool ranges_ = true;       // are asked for
  std::string other_range_;  // what came in place of the one that was asked for
  std::exception_ptr sink_failure_;
};

}  // namespace

void DownloadBlob(const Endpoint& endpoint, const Descriptor& blob, uint64_t wanted,
                  const std::function<bool(std::string_view)>& sink) {
  Download(endpoint, blob, wanted, sink).Run();
}

}  // namespace kontext
