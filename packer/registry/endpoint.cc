#include "packer/registry/endpoint.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "common/digest.h"
#include "packer/registry/error_body.h"
#include "packer/registry/url.h"

namespace kontext {
namespace {

// Enough to tell blobs apart, little enough for one line.
constexpr size_t kShownDigest = sizeof("sha256:") - 1 + 12;

ErrorKind KindOf(int status) {
  if (status == 404) return ErrorKind::kNotFound;
  return status == 403 ? ErrorKind::kForbidden : ErrorKind::kRegistry;
}

std::string Shorten(const std::string& digest) {
  if (digest.size() <= kShownDigest) return digest;
  return fmt::format("{}…", digest.substr(0, kShownDigest));
}

}  // namespace

Endpoint::Endpoint(Transport& transport, const Reference& reference, bool insecure_http,
                   RetryPolicy retry)
    : transport_(transport),
      name_(reference.ToString()),
      repository_(reference.repository),
      retry_(std::move(retry)) {
  base_ = fmt::format("{}/v2/{}", RegistryUrl(reference.registry, insecure_http), repository_);
}

std::string Endpoint::BlobUrl(const std::string& digest) const {
  CheckDigest(digest, BlobSubject(digest));
  return fmt::format("{}/blobs/{}", base_, digest);
}

std::string Endpoint::ManifestUrl(const std::string& tag_or_digest) const {
  if (tag_or_digest.find_first_of(":/") != std::string::npos) {
    CheckDigest(tag_or_digest, ManifestSubject(tag_or_digest));
  }
  return fmt::format("{}/manifests/{}", base_, tag_or_digest);
}

std::string Endpoint::UploadUrl() const { return fmt::format("{}/blobs/uploads/", base_); }

std::string Endpoint::TagsUrl(size_t count) const {
  return fmt::format("{}/tags/list?n={}", base_, count);
}

std::string Endpoint::MountUrl(const std::string& digest,
                               const std::string& from_repository) const {
  CheckDigest(digest, BlobSubject(digest));
  std::string from;  // a repository's name has nothing else to escape
  for (char c : from_repository) from += c == '/' ? "%2F" : std::string(1, c);
  size_t colon = digest.find(':');
  return fmt::format("{}/blobs/uploads/?mount={}%3A{}&from={}", base_, digest.substr(0, colon),
                     digest.substr(colon + 1), from);
}

Response Endpoint::Send(const Request& request, const std::string& subject) const {
  try {
    return transport_.Send(request);
  } catch (const Error& error) {
    // These come from what is uploaded, which names itself.
    if (error.kind() != ErrorKind::kIo && error.kind() != ErrorKind::kChanged) {
      Fail(error.kind(), subject, error.what());
    }
    throw;
  }
}

void Endpoint::Refuse(const Response& answer, const std::string& subject) const {
  std::string described = DescribeAnswer(answer);
  if (!answer.hint.empty()) {
    described += fmt::format("; {}", answer.hint);
  } else if (answer.status == 401) {
    Fail(ErrorKind::kRegistry, subject,
         fmt::format("the registry wants authentication ({})", described));
  } else if (answer.status == 405) {
    described += "; the registry is read-only, or takes no such request";
  }
  Fail(KindOf(answer.status), subject, described);
}

std::string Endpoint::Quote(std::string said) const {
  return QuoteLine(transport_.WithoutSecrets(std::move(said)));
}

void Endpoint::Fail(ErrorKind kind, const std::string& subject, const std::string& problem) const {
  throw Error(kind, fmt::format("{}: {}: {}", name_, subject, problem));
}

void Endpoint::CheckDigest(const std::string& digest, const std::string& subject) const {
  Digest parsed;
  if (!ParseDigest(digest, &parsed)) Fail(ErrorKind::kFormat, subject, "not a SHA-256 digest");
}

std::string BlobSubject(const std::string& digest) {
  return fmt::format("blob {}", Shorten(digest));
}

std::string ManifestSubject(const std::string& tag_or_digest) {
  bool digest = tag_or_digest.find(':') != std::string::npos;
  return fmt::format("manifest {}", digest ? Shorten(tag_or_digest) : tag_or_digest);
}

std::string RegistryUrl(const std::string& registry, bool insecure_http) {
  bool plain = insecure_http || IsLoopbackRegistry(registry);
  return fmt::format("{}://{}", plain ? "http" : "https", registry);
}

}  // namespace kontext
