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

// A document that is made here: with the digest and the size of `body`.
StoredManifest MakeStored(const std::string& media_type, std::string body);

// Takes the next bytes of a blob; false: enough, hang up.
using BlobSink = std::function<bool(std::string_view)>;

// One repository of a registry, one OCI layout, one archive. Every call throws Error, naming the
// reference and the digest, when it cannot do its work. One thread at a time, or Parallel() where
// that is more.
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

  // How many calls at once are worth while. More than one: any number of threads may call it.
  virtual size_t Parallel() const { return 1; }

  // Can parts of an image be looked at without a round trip? Then nobody else looks after them.
  virtual bool IsLocal() const = 0;

  // Can the layers of what is there be read, to be part of a new image? Otherwise only its
  // documents can, and every push is whole.
  virtual bool CanBeBuiltOn() const { return true; }

  // What users know an image here as, instead of the digest of the document that its tag names.
  virtual std::string KnownAs(const std::string& digest) const { return digest; }

  // Takes images of one platform only?
  virtual bool OnePlatform() const { return false; }

  // For a local store: is this blob or manifest there, in its size?
  virtual bool LooksWhole(const Descriptor& part) = 0;

  // A blob that is most likely new will be written soon: does what can be done before it is known,
  // which may take as long as a request does.
  virtual void ExpectBlob() noexcept {}
  // No more of what was expected comes.
  virtual void ExpectNoMore() noexcept {}

  // Makes sure that the blob is there; true when it had to be sent.
  virtual bool WriteBlob(const Descriptor& blob, const BlobSource& source) = 0;

  // Sends a blob that the store has said to have, and has not.
  virtual void ResendBlob(const Descriptor& blob, const BlobSource& source) {
    (void)WriteBlob(blob, source);
  }

  // Makes sure, without any content being sent, that a blob of another repository is there, too.
  // False when that cannot be done: send it.
  virtual bool MountBlob(const Descriptor& blob, const Reference& from) = 0;

  // Stores a manifest or index by its digest and, with a tag, under it as well. The blobs and
  // manifests that it names must be there already: a reader never sees a tag without its parts.
  // Throws Error(kMissingPart) when the store says that one is not.
  virtual void WriteManifest(const Descriptor& manifest, const std::string& body,
                             const std::string& tag) = 0;

  // Takes away what is under a tag or a digest; with a digest, under every tag. False when it is
  // not there.
  virtual bool Remove(const std::string& tag_or_digest) = 0;

  // What was written since the last tag is not wanted any more: the caller starts over.
  virtual void Restart() {}
};

struct StoreOptions {
  std::string user_agent = "kontext";           // "kontext/1.2.3"
  bool insecure_http = false;                   // plain HTTP for hosts that are not loopback, too
  bool insecure_tls = false;                    // take any certificate
  bool writes = false;                          // ask for what a push needs from the start
  int retries = 4;                              // of a request that got no answer, or a busy one
  long stall_seconds = 60;                      // without a byte on the way, then it is given up
  std::function<void(std::string_view)> trace;  // one line per request and answer; may be empty
  // Told of each wait that is worth a word. Like `trace` from any thread; may be empty.
  std::function<void(const std::string&)> warn;
};

// The store that a reference names. Creates nothing yet.
std::unique_ptr<Store> OpenStore(const Reference& reference, const StoreOptions& options);

}  // namespace kontext
