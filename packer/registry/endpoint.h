// One repository of one registry: its URLs, and how its failures read.
#pragma once

#include <string>

#include "packer/error.h"
#include "packer/registry/reference.h"
#include "packer/registry/retry.h"
#include "packer/registry/transport.h"

namespace kontext {

// `transport` must outlive it. Any number of threads at once, as the transport.
class Endpoint {
 public:
  // At RegistryUrl.
  Endpoint(Transport& transport, const Reference& reference, bool insecure_http, RetryPolicy retry);

  // Throw Error(kFormat) for a digest that is none: it must not lead elsewhere.
  std::string BlobUrl(const std::string& digest) const;
  std::string ManifestUrl(const std::string& tag_or_digest) const;
  std::string UploadUrl() const;
  // At most so many at once.
  std::string TagsUrl(size_t count) const;
  std::string MountUrl(const std::string& digest, const std::string& from_repository) const;
  const std::string& repository() const { return repository_; }
  const RetryPolicy& retry() const { return retry_; }

  // Sends. `subject` ("blob sha256:ab…") and the reference begin the message of an Error.
  Response Send(const Request& request, const std::string& subject) const;

  // Throws what `answer`, which was not what we wanted, comes to.
  [[noreturn]] void Refuse(const Response& answer, const std::string& subject) const;

  // What an answer says, as a message quotes it: see QuoteLine, and without secrets.
  std::string Quote(std::string said) const;

  // Throws "reference: subject: problem".
  [[noreturn]] void Fail(ErrorKind kind, const std::string& subject,
                         const std::string& problem) const;

 private:
  void CheckDigest(const std::string& digest, const std::string& subject) const;

  Transport& transport_;
  std::string name_;  // as the user knows it
  std::string repository_;
  std::string base_;  // "https://host/v2/team/app"
  RetryPolicy retry_;
};

// "blob sha256:0123456789ab…".
std::string BlobSubject(const std::string& digest);

// "manifest v1", "manifest sha256:0123456789ab…".
std::string ManifestSubject(const std::string& tag_or_digest);

// "https://host:port"; "http://…" for loopback hosts, and for all with `insecure_http`.
std::string RegistryUrl(const std::string& registry, bool insecure_http);

}  // namespace kontext
