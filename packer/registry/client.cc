#include "packer/registry/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "packer/hash.h"
#include "packer/registry/blob_download.h"
#include "packer/registry/blob_upload.h"
#include "packer/registry/error_body.h"
#include "packer/registry/manifest_deletion.h"

namespace kontext {
namespace {

// A blob up to this size is checked before anybody gets it: an index part, a configuration.
constexpr uint64_t kMaxKept = uint64_t{1} << 20;

// OCI first; Docker's so that a foreign image under the tag is recognized as one.
constexpr char kAccept[] =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";

// A blob of no more is rather sent in vain than asked for: on a line of 10 Mbit/s it takes 26 ms.
constexpr uint64_t kNotWorthATrip = 32 * 1024;

std::string MediaTypeOf(const Response& answer) {
  std::string type = HeaderOf(answer, "content-type");
  type = type.substr(0, type.find(';'));
  while (!type.empty() && std::isspace(static_cast<unsigned char>(type.back()))) type.pop_back();
  return type;
}

// docker-registry writes its links in place: whoever reads one at that moment, which is empty then,
// is told that a digest is invalid. Ours are not, so it will pass.
bool IsTornLink(const Response& answer) {
  return answer.status == 400 && ParseErrorBody(answer.body).code == "DIGEST_INVALID";
}

// Of a refused manifest. Some give no reason.
bool LacksPart(const Response& refusal) {
  std::string code = ParseErrorBody(refusal.body).code;
  return code == "BLOB_UNKNOWN" || code == "MANIFEST_BLOB_UNKNOWN" || code == "MANIFEST_UNKNOWN" ||
         (code.empty() && refusal.status == 404);
}

// How often a manifest is sent that was refused so. What was uploaded just now may be seen a little
// later; what is missing for good is not worth a long wait.
int TriesAfter(const Response& refusal, const RetryPolicy& policy) {
  if (IsSuccess(refusal.status)) return 0;
  if (IsTornLink(refusal)) return policy.tries;
  return LacksPart(refusal) ? std::min(policy.tries, 3) : 0;
}

bool IsSha256(const std::string& text) { return text.starts_with("sha256:"); }

}  // namespace

RegistryClient::RegistryClient(std::unique_ptr<Transport> transport, const Reference& reference,
                               bool insecure_http, const RetryPolicy& retry)
    : transport_(NewRetryTransport(std::move(transport), retry)),
      endpoint_(*transport_, reference, insecure_http, retry) {}

std::optional<ManifestAnswer> RegistryClient::GetManifest(const std::string& tag_or_digest) {
  std::string subject = ManifestSubject(tag_or_digest);
  Request request;
  request.method = "GET";
  request.url = endpoint_.ManifestUrl(tag_or_digest);
  request.headers.emplace_back("Accept", kAccept);
  request.max_body = kMaxManifest;
  for (bool again = true;; again = false) {
    Response answer = endpoint_.Send(request, subject);
    if (answer.status == 406) {  // Artifactory's word for a type in the list that it does not know
      request.headers = {{"Accept", "*/*"}};
      answer = endpoint_.Send(request, subject);
    }
    if (answer.status == 404) return std::nullopt;
    if (!IsSuccess(answer.status)) endpoint_.Refuse(answer, subject);
    std::string wanted =
        IsSha256(tag_or_digest) ? tag_or_digest : HeaderOf(answer, "docker-content-digest");
    std::string came = DigestOf(answer.body);
    if (!IsSha256(wanted) || came == wanted) {
      return ManifestAnswer{std::move(answer.body), MediaTypeOf(answer)};
    }
    if (again) continue;  // it may have been damaged on the way
    endpoint_.Fail(ErrorKind::kFormat, subject,
                   fmt::format("what came is {}, not {}", came, endpoint_.Quote(wanted)));
  }
}

bool RegistryClient::HasBlob(const Descriptor& blob) {
  std::string subject = BlobSubject(blob.digest);
  Request request;
  request.method = "HEAD";
  request.url = endpoint_.BlobUrl(blob.digest);
  Response answer = endpoint_.Send(request, subject);
  if (IsSuccess(answer.status)) {
    std::string length = HeaderOf(answer, "content-length");
    return length.empty() || length == std::to_string(blob.size);
  }
  // Other refusals are left to the upload: Artifactory says 403 for what is missing, a storage that
  // HEAD was redirected to may allow GET alone, and docker-registry fails for ever (500) over a
  // link that it has written in part, which an upload mends.
  if (answer.status == 401 || answer.status == 429) endpoint_.Refuse(answer, subject);
  return false;
}

void RegistryClient::GetBlob(const Descriptor& blob, uint64_t limit,
                             const std::function<bool(std::string_view)>& sink) {
  uint64_t wanted = limit == 0 ? blob.size : std::min(limit, blob.size);
  if (wanted < blob.size || wanted > kMaxKept) {
    DownloadBlob(endpoint_, blob, wanted, sink);
    return;
  }
  std::string bytes;
  // What was damaged on the way comes once more; what is still damaged is for the sink to find out.
  for (int tries = 0; tries < 2 && (tries == 0 || DigestOf(bytes) != blob.digest); ++tries) {
    bytes.clear();
    DownloadBlob(endpoint_, blob, wanted, [&](std::string_view part) {
      bytes += part;
      return true;
    });
  }
  sink(bytes);
}

bool RegistryClient::MountBlob(const Descriptor& blob, const std::string& from_repository) {
  Request request;
  request.method = "POST";
  request.url = endpoint_.MountUrl(blob.digest, from_repository);
  request.may_retry = false;
  try {
    return endpoint_.Send(request, BlobSubject(blob.digest)).status == 201;
  } catch (const Error&) {
    return false;
  }
}

void RegistryClient::BeginUpload() noexcept {
  try {
    UploadSession session(&endpoint_);
    if (!IsSuccess(session.Start("an upload").status)) return;
    std::lock_guard<std::mutex> lock(mutex_);
    begun_.push_back(std::move(session));
  } catch (...) {  // NOLINT(bugprone-empty-catch): the blob's own upload tells
  }
}

void RegistryClient::CancelBegun() noexcept {
  try {
    while (std::optional<UploadSession> session = TakeBegun()) session->Cancel();
  } catch (...) {  // NOLINT(bugprone-empty-catch): the registry ends them in its time
  }
}

std::optional<UploadSession> RegistryClient::TakeBegun() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (begun_.empty()) return std::nullopt;
  UploadSession session = std::move(begun_.back());
  begun_.pop_back();
  return session;
}

bool RegistryClient::PutMissingBlob(const Descriptor& blob, const BlobSource& source) {
  if (blob.size <= kNotWorthATrip) {
    return UploadUnlessThere(endpoint_, blob, source, TakeBegun());
  }
  if (HasBlob(blob)) return false;
  UploadBlob(endpoint_, blob, source, TakeBegun());
  return true;
}

void RegistryClient::PutBlob(const Descriptor& blob, const BlobSource& source) {
  UploadBlob(endpoint_, blob, source);
}

void RegistryClient::PutManifest(const Descriptor& manifest, const std::string& body,
                                 const std::string& tag) {
  const std::string& name = tag.empty() ? manifest.digest : tag;
  std::string subject = ManifestSubject(name);
  if (body.size() > kMaxManifest) {
    endpoint_.Fail(ErrorKind::kFormat, subject,
                   fmt::format("{} bytes are more than a registry takes", body.size()));
  }
  std::unique_ptr<BlobSource> source = MemoryBlob(body);
  Request request;
  request.method = "PUT";
  request.url = endpoint_.ManifestUrl(name);
  request.headers.emplace_back("Content-Type", manifest.media_type);
  request.body = source.get();
  Response answer = endpoint_.Send(request, subject);
  for (int failures = 1; failures < TriesAfter(answer, endpoint_.retry()); ++failures) {
    Sleep(endpoint_.retry(), RetryDelay(endpoint_.retry(), failures, &answer));
    answer = endpoint_.Send(request, subject);
  }
  if (!IsSuccess(answer.status)) {
    if (!IsTornLink(answer) && IsThere(manifest, tag, answer)) return;
    if (LacksPart(answer)) {
      endpoint_.Fail(ErrorKind::kMissingPart, subject, DescribeAnswer(answer));
    }
    endpoint_.Refuse(answer, subject);
  }
  std::string stored = HeaderOf(answer, "docker-content-digest");
  if (IsSha256(stored) && stored != manifest.digest) {
    endpoint_.Fail(
        ErrorKind::kRegistry, subject,
        fmt::format("the registry stored {}, not {}", endpoint_.Quote(stored), manifest.digest));
  }
}

bool RegistryClient::Delete(const std::string& tag_or_digest) {
  auto find = [this](const std::string& name) -> std::optional<std::string> {
    std::optional<ManifestAnswer> there = GetManifest(name);
    if (!there) return std::nullopt;
    return DigestOf(there->body);
  };
  return DeleteManifest(endpoint_, tag_or_digest, find);
}

// A registry with immutable tags (ECR) refuses the image that is there already as well.
bool RegistryClient::IsThere(const Descriptor& manifest, const std::string& tag,
                             const Response& refusal) {
  bool by_rule = refusal.status == 400 || refusal.status == 403 || refusal.status == 405 ||
                 refusal.status == 409 || refusal.status == 412;
  if (tag.empty() || !by_rule || LacksPart(refusal)) return false;
  try {
    std::optional<ManifestAnswer> there = GetManifest(tag);
    return there && DigestOf(there->body) == manifest.digest;
  } catch (const Error&) {
    return false;  // the refusal says more
  }
}

}  // namespace kontext
