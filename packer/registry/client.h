// The registry protocol (OCI distribution specification 1.1) for one repository.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "packer/image/descriptor.h"
#include "packer/registry/endpoint.h"
#include "packer/registry/reference.h"
#include "packer/registry/retry.h"
#include "packer/registry/transport.h"
#include "packer/registry/upload_session.h"
#include "packer/store/blob_source.h"

namespace kontext {

// The least that every registry must take (distribution specification, "Pushing manifests").
inline constexpr uint64_t kMaxManifest = uint64_t{4} << 20;

struct ManifestAnswer {
  std::string body;
  std::string media_type;  // of Content-Type, without parameters; may be empty or "text/plain"
};

// Owns its transport, which need not retry by itself. Every failure is an Error that begins with
// the reference and names the blob or manifest; a 401 says that the registry wants authentication,
// which belongs in a Transport around the real one. Any number of threads at once.
class RegistryClient {
 public:
  RegistryClient(std::unique_ptr<Transport> transport, const Reference& reference,
                 bool insecure_http, const RetryPolicy& retry);

  // Nothing when the registry knows no such manifest or repository. The body's digest is checked
  // against `tag_or_digest` or, for a tag, against what the registry says that it is; one that
  // comes damaged is fetched once more.
  std::optional<ManifestAnswer> GetManifest(const std::string& tag_or_digest);

  // False when the registry has it not, has it in another size, or cannot say.
  bool HasBlob(const Descriptor& blob);

  // The blob's first min(limit, size) bytes, 0 meaning all; see DownloadBlob. One of up to 1 MiB
  // comes as a whole, and is fetched twice before it comes damaged.
  void GetBlob(const Descriptor& blob, uint64_t limit,
               const std::function<bool(std::string_view)>& sink);

  // Asks the registry to take a blob over from another of its repositories. False when it does not:
  // every registry has reasons of its own, and uploading always works.
  bool MountBlob(const Descriptor& blob, const std::string& from_repository);

  // Begins an upload for a blob that is not known yet; the next one to be sent takes it. What goes
  // wrong is left for that one to find out.
  void BeginUpload() noexcept;
  // Of those that were begun, what no blob has taken.
  void CancelBegun() noexcept;

  // Sends the blob, unless the registry has it: false. A small one is not asked for when an upload
  // is begun: it was expected, so it is most likely new.
  bool PutMissingBlob(const Descriptor& blob, const BlobSource& source);
  void PutBlob(const Descriptor& blob, const BlobSource& source);

  // Under `tag`, or by its digest alone when `tag` is empty. Throws Error(kMissingPart) when the
  // registry says, and still after a second or two, that it lacks a blob or manifest that this one
  // names.
  void PutManifest(const Descriptor& manifest, const std::string& body, const std::string& tag);

  // False when there is none; see manifest_deletion.h.
  bool Delete(const std::string& tag_or_digest);

 private:
  std::optional<UploadSession> TakeBegun();
  bool IsThere(const Descriptor& manifest, const std::string& tag, const Response& refusal);

  std::unique_ptr<Transport> transport_;
  Endpoint endpoint_;
  std::mutex mutex_;  // guards begun_
  std::vector<UploadSession> begun_;
};

}  // namespace kontext
