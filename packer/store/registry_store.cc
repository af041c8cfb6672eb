#include "packer/store/registry_store.h"

#include <utility>

#include "packer/hash.h"
#include "packer/registry/credentials.h"
#include "packer/registry/registry_transport.h"
#include "packer/store/checked_sink.h"
#include "packer/store/manifest_type.h"

namespace kontext {
namespace {

// Enough to hide a round trip behind another; few enough for a registry that counts requests.
constexpr size_t kParallel = 6;

class RegistryStore : public Store {
 public:
  RegistryStore(const Reference& reference, const StoreOptions& options,
                std::unique_ptr<Transport> transport, const RetryPolicy& retry)
      : name_(reference.ToString()),
        registry_(reference.registry),
        client_(std::move(transport), reference, options.insecure_http, retry) {}

  std::optional<StoredManifest> GetManifest(const std::string& tag_or_digest) override {
    std::optional<ManifestAnswer> answer = client_.GetManifest(tag_or_digest);
    if (!answer) return std::nullopt;
    StoredManifest manifest;
    manifest.descriptor.media_type = ManifestMediaType(answer->body, answer->media_type);
    manifest.descriptor.digest = DigestOf(answer->body);
    manifest.descriptor.size = answer->body.size();
    manifest.body = std::move(answer->body);
    return manifest;
  }

  void ReadBlob(const Descriptor& blob, uint64_t limit, const BlobSink& sink) override {
    CheckedSink checked(name_, blob, WantedBytes(blob, limit), sink);
    client_.GetBlob(blob, limit, [&](std::string_view bytes) { return checked.Take(bytes); });
    checked.Finish();
  }

  size_t Parallel() const override { return kParallel; }

  bool IsLocal() const override { return false; }

  bool LooksWhole(const Descriptor&) override { return true; }

  void ExpectBlob() noexcept override { client_.BeginUpload(); }
  void ExpectNoMore() noexcept override { client_.CancelBegun(); }

  bool WriteBlob(const Descriptor& blob, const BlobSource& source) override {
    return client_.PutMissingBlob(blob, source);
  }

  void ResendBlob(const Descriptor& blob, const BlobSource& source) override {
    client_.PutBlob(blob, source);
  }

  bool MountBlob(const Descriptor& blob, const Reference& from) override {
    if (client_.HasBlob(blob)) return true;
    if (from.destination != Destination::kRegistry || from.registry != registry_) return false;
    return client_.MountBlob(blob, from.repository);
  }

  void WriteManifest(const Descriptor& manifest, const std::string& body,
                     const std::string& tag) override {
    client_.PutManifest(manifest, body, tag);
  }

  bool Remove(const std::string& tag_or_digest) override { return client_.Delete(tag_or_digest); }

 private:
  std::string name_;
  std::string registry_;
  RegistryClient client_;
};

std::unique_ptr<Transport> AuthenticatedTransport(const Reference& reference,
                                                  const StoreOptions& options,
                                                  const RetryPolicy& retry) {
  CurlOptions curl;
  curl.user_agent = options.user_agent;
  curl.trace = options.trace;
  curl.insecure_tls = options.insecure_tls;
  curl.stall_seconds = options.stall_seconds;
  AuthOptions auth;
  auth.registry = reference.registry;
  auth.repository = reference.repository;
  auth.writes = options.writes;
  auth.insecure_http = options.insecure_http;
  auth.retry = retry;
  CredentialStore credentials;
  auth.looked_in = credentials.files();
  auth.find = [credentials, registry = reference.registry, repository = reference.repository] {
    return credentials.Find(registry, repository);
  };
  return NewRegistryTransport(std::move(curl), std::move(auth));
}

}  // namespace

std::unique_ptr<Store> OpenRegistry(const Reference& reference, const StoreOptions& options,
                                    std::unique_ptr<Transport> transport,
                                    const RetryPolicy& retry) {
  if (transport == nullptr) transport = AuthenticatedTransport(reference, options, retry);
  return std::make_unique<RegistryStore>(reference, options, std::move(transport), retry);
}

}  // namespace kontext
