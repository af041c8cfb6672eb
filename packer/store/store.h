// Where images are kept: one interface, one file per kind of destination.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "packer/image/descriptor.h"
#include "packer/registry/reference.h"
#include "packer/store/blob_source.h"

namespace kontext {

struct StoredManifest {
  Descriptor descriptor;  // media type, digest and size of `body`
  std::string body;
};

// Takes the next bytes of a blob; false: enough, hang up.
using BlobSink = std::function<bool(std::string_view)>;

// One repository of a registry, or one OCI layout. Every call throws Error, naming the reference
// and the digest, when it cannot do its work. One thread at a time.
class Store {
 public:
  virtual ~Store() = default;

  // The manifest or index under a tag or a digest ("sha256:…"); nothing when there is none.
  // Its digest is checked when asked for by digest. At most 4 MiB.
  virtual std::optional<StoredManifest> GetManifest(const std::string& tag_or_digest) = 0;

  // Streams a blob from its beginning. When it is read to its end, its size and digest are
  // checked; Error(kFormat) if they differ, Error(kNotFound) if it is not there.
  // `limit`: no more than so many bytes are wanted (a range request); 0: all.
  virtual void ReadBlob(const Descriptor& blob, uint64_t limit, const BlobSink& sink) = 0;

  // Can parts of an image be looked at without a round trip? Then nobody else looks after them.
  virtual bool IsLocal() const = 0;

  // For a local store: is this blob or manifest there, in its size?
  virtual bool LooksWhole(const Descriptor& part) = 0;

  // Makes sure that the blob is there; true when it had to be sent.
  virtual bool WriteBlob(const Descriptor& blob, const BlobSource& source) = 0;

  // Stores a manifest or index by its digest and, with a tag, under it as well. The blobs and
  // manifests that it names must be there already: a reader never sees a tag without its parts.
  virtual void WriteManifest(const Descriptor& manifest, const std::string& body,
                             const std::string& tag) = 0;
};

struct StoreOptions {
  std::string user_agent = "kontext";           // "kontext/1.2.3"
  bool insecure_http = false;                   // plain HTTP for hosts that are not loopback, too
  std::function<void(std::string_view)> trace;  // one line per request and answer; may be empty
};

// The store that a reference names. Creates nothing yet.
std::unique_ptr<Store> OpenStore(const Reference& reference, const StoreOptions& options);

}  // namespace kontext
