// An upload as the registry that has begun it knows it (distribution specification 1.1, "Pushing
// blobs").
#pragma once

#include <cstdint>
#include <string>

#include "packer/registry/endpoint.h"
#include "packer/registry/url.h"

namespace kontext {

// Begun by a POST, for no blob in particular: which one it is says the PUT that closes it.
// `subject` names it in an Error.
class UploadSession {
 public:
  explicit UploadSession(const Endpoint* endpoint) : endpoint_(endpoint) {}

  // Successful answers have begun an upload. Throws Error when one does not say where to go on.
  Response Start(const std::string& subject);
  // Asks, too, whether the repository has this blob, as for a mount from itself. When it has (201)
  // nothing is begun.
  Response StartUnlessThere(const std::string& digest, const std::string& subject);

  // Takes it back (DELETE), which not every registry lets one do. Nothing may be sent to it then.
  void Cancel();

  // Every answer may move the upload; one without a Location leaves it where it is. Throws Error
  // when it leads where nothing may be sent.
  void Follow(const Response& answer, const std::string& subject);

  // Where the next request goes.
  const std::string& location() const { return location_; }
  // The least bytes that a part of a blob may have, but for the last; 0: any number.
  uint64_t min_chunk() const { return min_chunk_; }

 private:
  Response Post(const std::string& url, const std::string& subject) const;
  void Begin(Response answer, const std::string& subject);
  std::string NamedUpload(const Response& answer, const std::string& subject) const;
  Url Resolve(const Url& from, const std::string& location, const std::string& subject) const;

  const Endpoint* endpoint_;
  std::string location_;
  uint64_t min_chunk_ = 0;
};

}  // namespace kontext
