#include "packer/registry/upload_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "packer/error.h"

namespace kontext {
namespace {

// More than this asked for at once is not meant seriously.
constexpr uint64_t kMaxChunk = uint64_t{1} << 30;

uint64_t MinChunk(const Response& answer) {
  std::string text = HeaderOf(answer, "oci-chunk-min-length");
  uint64_t bytes = 0;
  std::from_chars(text.data(), text.data() + text.size(), bytes);
  return std::min(bytes, kMaxChunk);
}

}  // namespace

Response UploadSession::Start(const std::string& subject) {
  Response answer = Post(endpoint_->UploadUrl(), subject);
  if (IsSuccess(answer.status)) Begin(answer, subject);
  return answer;
}

Response UploadSession::StartUnlessThere(const std::string& digest, const std::string& subject) {
  Response answer = Post(endpoint_->MountUrl(digest, endpoint_->repository()), subject);
  if (IsSuccess(answer.status) && answer.status != 201) Begin(answer, subject);
  return answer;
}

Response UploadSession::Post(const std::string& url, const std::string& subject) const {
  Request request;
  request.method = "POST";
  request.url = url;
  // What breaks leaves an upload behind that nobody knows: it is for the blob to be sent anew.
  request.may_retry = false;
  Response answer = endpoint_->Send(request, subject);
  if (answer.url.empty()) answer.url = url;
  return answer;
}

void UploadSession::Cancel() {
  Request request;
  request.method = "DELETE";
  request.url = location_;
  request.may_retry = false;
  endpoint_->Send(request, "an upload");
}

void UploadSession::Begin(Response answer, const std::string& subject) {
  min_chunk_ = MinChunk(answer);
  location_ = answer.url;
  if (HeaderOf(answer, "location").empty()) {
    answer.headers["location"] = NamedUpload(answer, subject);
  }
  Follow(answer, subject);
}

void UploadSession::Follow(const Response& answer, const std::string& subject) {
  std::string location = HeaderOf(answer, "location");
  if (location.empty()) return;
  Url from = ParseUrl(answer.url.empty() ? location_ : answer.url);
  Url to = Resolve(from, location, subject);
  if (const char* problem = UploadHopProblem(from, to)) {
    endpoint_->Fail(ErrorKind::kRegistry, subject,
                    fmt::format("uploading to {} is refused: {}",
                                endpoint_->Quote(RedactUrl(to.text)), problem));
  }
  location_ = to.text;
}

// Where an upload is that has a name but no Location: below the place where it was begun.
std::string UploadSession::NamedUpload(const Response& answer, const std::string& subject) const {
  std::string name = HeaderOf(answer, "docker-upload-uuid");
  bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
  if (!good) {
    endpoint_->Fail(ErrorKind::kRegistry, subject,
                    "the registry does not say where to upload (no Location)");
  }
  return endpoint_->UploadUrl() + name;
}

Url UploadSession::Resolve(const Url& from, const std::string& location,
                           const std::string& subject) const {
  try {
    return ResolveUrl(from, location);
  } catch (const Error& error) {
    endpoint_->Fail(ErrorKind::kRegistry, subject,
                    fmt::format("where to upload: {}", endpoint_->Quote(error.what())));
  }
}

}  // namespace kontext
