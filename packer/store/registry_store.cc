#include "packer/store/registry_store.h"

#include <utility>

#include "packer/hash.h"
#include "packer/registry/curl_transport.h"
#include "packer/store/checked_sink.h"
#include "packer/store/manifest_type.h"

namespace kontext {
namespace {

class RegistryStore : public Store {
 public:
  RegistryStore(const Reference& reference, const StoreOptions& options,
                std::unique_ptr<Transport> transport, const RetryPolicy& retry)
      : name_(reference.ToString()),
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

  bool IsLocal() const override { return false; }

  bool LooksWhole(const Descriptor&) override { return true; }

  bool WriteBlob(const Descriptor& blob, const BlobSource& source) override {
    if (client_.HasBlob(blob)) return false;
    client_.PutBlob(blob, source);
    return true;
  }

  void WriteManifest(const Descriptor& manifest, const std::string& body,
                     const std::string& tag) override {
    client_.PutManifest(manifest, body, tag);
  }

 private:
  std::string name_;
  RegistryClient client_;
};

}  // namespace

std::unique_ptr<Store> OpenRegistry(const Reference& reference, const StoreOptions& options,
                                    std::unique_ptr<Transport> transport,
                                    const RetryPolicy& retry) {
  if (transport == nullptr) transport = NewCurlTransport({options.user_agent, options.trace});
  return std::make_unique<RegistryStore>(reference, options, std::move(transport), retry);
}

}  // namespace kontext
