#include "packer/registry/blob_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <utility>

#include "packer/registry/error_body.h"

namespace kontext {
namespace {

// The most that GHCR takes at once, and what nginx allows unless told otherwise.
constexpr uint64_t kChunk = uint64_t{4} << 20;
constexpr uint64_t kSmallChunk = uint64_t{1} << 20;
// What is no longer than this is sent again sooner than it is asked what came of it.
constexpr uint64_t kLeastToResume = kChunk;

// "0-1023", or as some write it "bytes=0-1023": how many bytes the registry has. Of "0-0" none: it
// says that of an empty upload.
uint64_t ReceivedBytes(const Response& answer) {
  std::string range = HeaderOf(answer, "range");
  size_t dash = range.find("0-");
  if (dash == std::string::npos || (dash > 0 && range.substr(0, dash) != "bytes=")) return 0;
  uint64_t last = 0;
  auto [end, error] = std::from_chars(range.data() + dash + 2, range.data() + range.size(), last);
  bool whole = error == std::errc() && end == range.data() + range.size();
  return whole && last > 0 && last < UINT64_MAX ? last + 1 : 0;
}

// Refusals of the form that a blob came in, not of the blob.
bool WantsAnotherForm(const Response& answer) {
  constexpr int kStatuses[] = {400, 404, 405, 411, 413, 415, 416, 501};
  if (std::find(std::begin(kStatuses), std::end(kStatuses), answer.status) == std::end(kStatuses)) {
    return false;
  }
  std::string code = ParseErrorBody(answer.body).code;
  return code != "DIGEST_INVALID" && code != "DENIED" && code != "TOOMANYREQUESTS";
}

// The registry does not know an upload that it has begun, or is at another offset of it.
bool IsLost(const Response& answer) {
  if (answer.status == 416) return true;
  std::string code = ParseErrorBody(answer.body).code;
  return answer.status == 404 && (code == "BLOB_UPLOAD_UNKNOWN" || code == "BLOB_UPLOAD_INVALID");
}

// It may know an upload that it cannot tell about just now.
bool IsBusy(const Response& answer) { return IsRetryable(answer.status) && answer.status != 500; }

class Upload {
 public:
  // `asks`: whether the blob is there already. `begun`: by a POST, if one was.
  Upload(const Endpoint& endpoint, const Descriptor& blob, const BlobSource& source, bool asks,
         std::optional<UploadSession> begun)
      : endpoint_(endpoint),
        blob_(blob),
        source_(source),
        subject_(BlobSubject(blob.digest)),
        begun_(std::move(begun)),
        session_(&endpoint),
        asks_(asks),
        may_resume_(source.size() > kLeastToResume) {}

  // The answer that ends it: success, or the refusal.
  Response Try() {
    if (begun_) {
      Response answer = SendToBegun();
      if (IsSuccess(answer.status) || IsRetryable(answer.status)) return answer;
      under_way_ = false;
    }
    if (under_way_ && may_resume_) {
      Response answer = GoOn();
      if (IsSuccess(answer.status) || IsRetryable(answer.status)) return answer;
    }
    Response answer = SendAll();
    if (!IsLost(answer)) return answer;
    // It was begun with a server that has been replaced meanwhile, or it was ended and the answer
    // got lost.
    Response there = AskForBlob();
    return IsSuccess(there.status) ? there : SendAll();
  }

  // The most that a registry has acknowledged.
  uint64_t reached() const { return reached_; }
  // It said that the blob is there, when it was asked.
  bool was_there() const { return was_there_; }

 private:
  // Takes up what broke off. Neither a success nor retryable: it has to be sent from the start.
  Response GoOn() {
    Response answer;
    uint64_t received = AskOffset(&answer);
    if (received > 0) {
      reached_ = std::max(reached_, received);
      answer = SendChunks(received);
      // It was not what it said that it has.
      if (!IsSuccess(answer.status) && !IsRetryable(answer.status)) may_resume_ = false;
      return answer;
    }
    if (IsBusy(answer)) return answer;
    Response there = AskForBlob();  // only the answer may have got lost
    if (IsSuccess(there.status)) return there;
    return {};
  }

  // A refusal may be of the upload, which is older than the blob: only one of an upload that is
  // begun for it counts.
  Response SendToBegun() {
    session_ = *std::exchange(begun_, std::nullopt);
    under_way_ = true;
    Response answer = Put(&source_);
    if (answer.status == 413) chunk_ = kChunk;
    return answer;
  }

  Response SendAll() {
    Response answer = Start();
    if (!IsSuccess(answer.status) || was_there_) return answer;
    if (chunk_ == 0) {
      answer = Put(&source_);
      if (!WantsAnotherForm(answer)) return answer;
      chunk_ = kChunk;
      answer = Start();
      if (!IsSuccess(answer.status)) return answer;
    }
    answer = SendChunks(0);
    if (answer.status != 413) return answer;
    if (chunk_ <= kSmallChunk) return TooLarge(std::move(answer));
    chunk_ = kSmallChunk;
    return SendAll();
  }

  // Not even the smallest chunk is taken.
  Response TooLarge(Response answer) const {
    answer.hint = fmt::format(
        "the registry or a proxy before it takes no bodies of {} bytes: raise its limit (nginx: "
        "client_max_body_size)",
        std::min(ChunkSize(), source_.size()));
    return answer;
  }

  uint64_t ChunkSize() const {
    return chunk_ == 0 ? source_.size() : std::max(chunk_, session_.min_chunk());
  }

  Response Start() {
    under_way_ = false;
    const bool asks = std::exchange(asks_, false);
    Response answer =
        asks ? session_.StartUnlessThere(blob_.digest, subject_) : session_.Start(subject_);
    was_there_ = asks && answer.status == 201;
    // Refused for being asked, maybe.
    if (asks && !IsSuccess(answer.status) && !IsRetryable(answer.status)) return Start();
    under_way_ = IsSuccess(answer.status) && !was_there_;
    return answer;
  }

  // How many bytes the registry has of what broke off; 0: none that can be built on, as `answer`
  // may say. docker-registry knows no offset for what broke within a request (its Location names
  // the one where it began), but does between two.
  uint64_t AskOffset(Response* answer) {
    try {
      *answer = endpoint_.Send(NewRequest("GET", session_.location()), subject_);
      uint64_t received = IsSuccess(answer->status) ? ReceivedBytes(*answer) : 0;
      if (received == 0 || received > source_.size()) return 0;
      session_.Follow(*answer, subject_);
      return received;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kNetwork) throw;
      return 0;
    }
  }

  Response AskForBlob() {
    return endpoint_.Send(NewRequest("HEAD", endpoint_.BlobUrl(blob_.digest)), subject_);
  }

  // Closes the upload, with all of the content or, after chunks, none.
  Response Put(const BlobSource* body) {
    Request request = NewRequest("PUT", WithDigest(session_.location(), blob_.digest));
    request.body = body;
    if (body != nullptr) request.headers.emplace_back("Content-Type", "application/octet-stream");
    return endpoint_.Send(request, subject_);
  }

  // From `offset` on, which the registry has reached.
  Response SendChunks(uint64_t offset) {
    uint64_t chunk = ChunkSize();
    while (offset < source_.size()) {
      uint64_t size = std::min(chunk, source_.size() - offset);
      std::unique_ptr<BlobSource> part = PartOf(source_, offset, size);
      Request request = NewRequest("PATCH", session_.location());
      request.body = part.get();
      request.headers.emplace_back("Content-Type", "application/octet-stream");
      request.headers.emplace_back("Content-Range",
                                   fmt::format("{}-{}", offset, offset + size - 1));
      Response answer = endpoint_.Send(request, subject_);
      if (!IsSuccess(answer.status)) return answer;  // ECR says 201, others 202 or 204
      session_.Follow(answer, subject_);
      offset += size;
      reached_ = std::max(reached_, offset);
    }
    return Put(nullptr);
  }

  // What breaks leaves an upload of unknown length behind: Try goes on from there.
  static Request NewRequest(const char* method, const std::string& url) {
    Request request;
    request.method = method;
    request.url = url;
    request.may_retry = false;
    return request;
  }

  const Endpoint& endpoint_;
  const Descriptor& blob_;
  const BlobSource& source_;
  std::string subject_;
  std::optional<UploadSession> begun_;  // and not yet used
  UploadSession session_;
  uint64_t chunk_ = 0;  // 0: all at once
  uint64_t reached_ = 0;
  bool asks_;
  bool was_there_ = false;
  bool under_way_ = false;  // session_ was begun and not ended
  bool may_resume_;
};

Upload Run(const Endpoint& endpoint, const Descriptor& blob, Upload upload) {
  Response answer = WithRetries(endpoint.retry(), {.send = [&] { return upload.Try(); },
                                                   .reached = [&] { return upload.reached(); }});
  if (!IsSuccess(answer.status)) endpoint.Refuse(answer, BlobSubject(blob.digest));
  return upload;
}

}  // namespace

void UploadBlob(const Endpoint& endpoint, const Descriptor& blob, const BlobSource& source,
                std::optional<UploadSession> begun) {
  Run(endpoint, blob, Upload(endpoint, blob, source, false, std::move(begun)));
}

bool UploadUnlessThere(const Endpoint& endpoint, const Descriptor& blob, const BlobSource& source,
                       std::optional<UploadSession> begun) {
  return !Run(endpoint, blob, Upload(endpoint, blob, source, true, std::move(begun))).was_there();
}

std::string WithDigest(const std::string& location, const std::string& digest) {
  size_t question = location.find('?');
  const char* separator = question == std::string::npos                        ? "?"
                          : location.ends_with('?') || location.ends_with('&') ? ""
                                                                               : "&";
  size_t colon = digest.find(':');
  return fmt::format("{}{}digest={}%3A{}", location, separator, digest.substr(0, colon),
                     digest.substr(colon + 1));
}

}  // namespace kontext
