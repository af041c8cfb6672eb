#include "packer/registry/blob_download.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <string>

namespace kontext {
namespace {

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
    Response answer = WithRetries(
        endpoint_.retry(), [this] { return Try(); }, [] { return true; });
    // Not thrown through Send and WithRetries, which would take it for their own.
    if (sink_failure_ != nullptr) std::rethrow_exception(sink_failure_);
    if (answer.status == 416) {
      endpoint_.Fail(ErrorKind::kFormat, subject_, "damaged: it is shorter than its manifest says");
    }
    if (!IsSuccess(answer.status)) endpoint_.Refuse(answer, subject_);
  }

 private:
  Response Try() {
    Request request;
    request.method = "GET";
    request.url = endpoint_.BlobUrl(blob_.digest);
    request.may_retry = false;
    if (offset_ > 0 || wanted_ < blob_.size) {
      request.headers.emplace_back("Range", fmt::format("bytes={}-{}", offset_, wanted_ - 1));
    }
    request.on_answer = [this](const Response& answer) { CheckRange(answer); };
    request.sink = [this](std::string_view bytes) { return Take(bytes); };
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
    throw Error(ErrorKind::kFormat,
                fmt::format("asked for bytes from {}, got \"{}\"", offset_, range));
  }

  bool Take(std::string_view bytes) {
    size_t skipped = std::min<uint64_t>(skip_, bytes.size());
    skip_ -= skipped;
    bytes.remove_prefix(skipped);
    bytes = bytes.substr(0, wanted_ - offset_);
    if (bytes.empty()) return offset_ < wanted_;
    offset_ += bytes.size();
    try {
      bool more = sink_(bytes);
      return offset_ < wanted_ ? more : ends_there_;
    } catch (...) {
      sink_failure_ = std::current_exception();
      return false;
    }
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
  std::exception_ptr sink_failure_;
};

}  // namespace

void DownloadBlob(const Endpoint& endpoint, const Descriptor& blob, uint64_t wanted,
                  const std::function<bool(std::string_view)>& sink) {
  Download(endpoint, blob, wanted, sink).Run();
}

}  // namespace kontext
