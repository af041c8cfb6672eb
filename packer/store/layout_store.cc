#include "packer/store/layout_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "common/digest.h"
#include "common/fd.h"
#include "packer/error.h"
#include "packer/hash.h"
#include "packer/leftover.h"
#include "packer/store/blob_stream.h"
#include "packer/store/checked_sink.h"
#include "packer/store/layout_index.h"
#include "packer/store/layout_sweep.h"
#include "packer/store/manifest_type.h"
#include "packer/store/subject.h"
#include "packer/temp_file.h"

namespace kontext {
namespace {

constexpr char kLayoutFile[] = R"({"imageLayoutVersion":"1.0.0"})";
constexpr size_t kMaxManifest = size_t{4} << 20;
constexpr size_t kMaxIndex = size_t{16} << 20;  // tens of thousands of tags
constexpr size_t kBuffer = 256 * 1024;

class LayoutStore : public Store {
 public:
  LayoutStore(const Reference& reference, bool writes)
      : name_(reference.ToString()), directory_(reference.repository), writes_(writes) {}

  std::optional<StoredManifest> GetManifest(const std::string& tag_or_digest) override {
    if (writes_) Hold();
    std::string subject = fmt::format("manifest {}", tag_or_digest);
    return Named(subject, [&]() -> std::optional<StoredManifest> {
      Digest digest;
      if (ParseDigest(tag_or_digest, &digest)) return ReadManifest(tag_or_digest, "");
      std::string index;
      if (!ReadWholeFile(IndexPath(), kMaxIndex, &index)) return std::nullopt;
      std::optional<Descriptor> found = FindTag(index, tag_or_digest);
      if (!found) return std::nullopt;
      std::optional<StoredManifest> manifest = ReadManifest(found->digest, found->media_type);
      if (manifest) return manifest;
      throw Error(ErrorKind::kNotFound, fmt::format("its blob {} is missing", found->digest));
    });
  }

  void ReadBlob(const Descriptor& blob, uint64_t limit, const BlobSink& sink) override {
    std::string path = Named(BlobName(blob), [&] { return BlobPath(blob.digest); });
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) {
      bool missing = errno == ENOENT || errno == ENOTDIR;
      Fail(missing ? ErrorKind::kNotFound : ErrorKind::kIo, BlobName(blob),
           missing ? "it is not in the layout" : ErrnoText());
    }
    struct stat info;
    if (fstat(fd.get(), &info) != 0) Fail(ErrorKind::kIo, BlobName(blob), ErrnoText());
    if (static_cast<uint64_t>(info.st_size) != blob.size) {
      Fail(ErrorKind::kFormat, BlobName(blob),
           fmt::format("damaged: it has {} bytes, not {}", info.st_size, blob.size));
    }
    Stream(fd, blob, WantedBytes(blob, limit), sink);
  }

  bool IsLocal() const override { return true; }

  bool LooksWhole(const Descriptor& part) override {
    struct stat info;
    return stat(BlobPath(part.digest).c_str(), &info) == 0 &&
           static_cast<uint64_t>(info.st_size) == part.size;
  }

  bool WriteBlob(const Descriptor& blob, const BlobSource& source) override {
    return Named(BlobName(blob), [&] { return Put(blob, source); });
  }

  bool MountBlob(const Descriptor& blob, const Reference&) override {
    return IsIntact(BlobPath(blob.digest), blob);
  }

  void WriteManifest(const Descriptor& manifest, const std::string& body,
                     const std::string& tag) override {
    Named(fmt::format("manifest {}", tag.empty() ? manifest.digest : tag), [&] {
      Put(manifest, *MemoryBlob(body));
      if (!tag.empty()) MoveTag(manifest, tag);
    });
  }

  bool Remove(const std::string& tag_or_digest) override {
    return WithSubject(name_, [&] {
      if (access(IndexPath().c_str(), F_OK) != 0 && errno == ENOENT) return false;
      UniqueFd lock = LockIndex();
      std::string index;
      if (!ReadWholeFile(IndexPath(), kMaxIndex, &index)) return false;
      std::optional<std::string> without = Without(index, tag_or_digest);
      if (!without) return false;
      Replace(IndexPath(), *without);
      SweepBlobs(BlobDirectory(), *without);
      return true;
    });
  }

 private:
  void Hold() const {
    if (!held_.valid()) held_ = HoldBlobs(BlobDirectory());
  }

  std::string IndexPath() const { return directory_ + "/index.json"; }
  std::string BlobDirectory() const { return directory_ + "/blobs/sha256"; }

  // Throws for what is no digest: it must not become a path.
  std::string BlobPath(const std::string& digest) const {
    Digest parsed;
    if (!ParseDigest(digest, &parsed)) {
      throw Error(ErrorKind::kFormat, fmt::format("\"{}\" is not a SHA-256 digest", digest));
    }
    return fmt::format("{}/{}", BlobDirectory(), digest.substr(Digest::kPrefix.size()));
  }

  static std::string BlobName(const Descriptor& blob) {
    return fmt::format("blob {}", blob.digest);
  }

  [[noreturn]] void Fail(ErrorKind kind, const std::string& subject,
                         const std::string& problem) const {
    throw Error(kind, fmt::format("{}: {}: {}", name_, subject, problem));
  }

  // Puts reference and subject before the reasons that `action` throws.
  template <typename Action>
  auto Named(const std::string& subject, Action action) const -> decltype(action()) {
    return WithSubject(fmt::format("{}: {}", name_, subject), action);
  }

  std::optional<StoredManifest> ReadManifest(const std::string& digest,
                                             const std::string& type) const {
    StoredManifest manifest;
    if (!ReadWholeFile(BlobPath(digest), kMaxManifest, &manifest.body)) return std::nullopt;
    if (std::string found = DigestOf(manifest.body); found != digest) {
      throw Error(ErrorKind::kFormat,
                  fmt::format("damaged: the content of {} is {}", digest, found));
    }
    manifest.descriptor.media_type =
        type.empty() ? ManifestMediaType(manifest.body, kMediaTypeManifest) : type;
    manifest.descriptor.digest = digest;
    manifest.descriptor.size = manifest.body.size();
    return manifest;
  }

  void Stream(const UniqueFd& fd, const Descriptor& blob, uint64_t wanted,
              const BlobSink& sink) const {
    CheckedSink checked(name_, blob, wanted, sink);
    auto buffer = std::make_unique<char[]>(kBuffer);
    for (uint64_t left = wanted; left > 0;) {
      ssize_t got = ReadUpTo(fd.get(), buffer.get(), std::min<uint64_t>(left, kBuffer));
      if (got < 0) Fail(ErrorKind::kIo, BlobName(blob), ErrnoText());
      if (got == 0 || !checked.Take({buffer.get(), static_cast<size_t>(got)})) break;
      left -= static_cast<uint64_t>(got);
    }
    checked.Finish();
  }

  bool Put(const Descriptor& blob, const BlobSource& source) {
    std::string path = BlobPath(blob.digest);
    if (IsIntact(path, blob)) return false;
    MakeLayout();
    Hold();
    TempFile file(BlobDirectory());
    CopyBlob(blob, source, [&](std::string_view bytes) { file.Write(bytes.data(), bytes.size()); });
    file.Commit(path);
    return true;
  }

  // Read to its end: a damaged blob is written again, not built on.
  bool IsIntact(const std::string& path, const Descriptor& blob) const {
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info;
    if (!fd.valid() || fstat(fd.get(), &info) != 0) return false;
    if (static_cast<uint64_t>(info.st_size) != blob.size) return false;
    Hasher hasher;
    auto buffer = std::make_unique<char[]>(kBuffer);
    for (;;) {
      ssize_t got = ReadUpTo(fd.get(), buffer.get(), kBuffer);
      if (got < 0) return false;
      if (got == 0) return hasher.FinishString() == blob.digest;
      hasher.Update(buffer.get(), static_cast<size_t>(got));
    }
  }

  void MakeLayout() {
    if (made_) return;
    std::error_code error;
    std::filesystem::create_directories(BlobDirectory(), error);
    if (error) throw Error(ErrorKind::kIo, fmt::format("{}: {}", directory_, error.message()));
    std::string path = directory_ + "/oci-layout";
    if (access(path.c_str(), F_OK) != 0) Replace(path, kLayoutFile);
    RemoveLeftoversIn(directory_);
    RemoveLeftoversIn(BlobDirectory());
    made_ = true;
  }

  void Replace(const std::string& path, const std::string& content) const {
    TempFile file(directory_);
    file.Write(content.data(), content.size());
    file.Commit(path);
  }

  UniqueFd LockIndex() const {
    std::string lock_path = IndexPath() + ".lock";
    UniqueFd lock(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!lock.valid()) throw Error(ErrorKind::kIo, fmt::format("{}: {}", lock_path, ErrnoText()));
    while (flock(lock.get(), LOCK_EX) != 0) {
      if (errno != EINTR)
        throw Error(ErrorKind::kIo, fmt::format("{}: {}", lock_path, ErrnoText()));
    }
    return lock;
  }

  void MoveTag(const Descriptor& manifest, const std::string& tag) {
    MakeLayout();
    UniqueFd lock = LockIndex();
    std::optional<std::string> index(std::in_place);
    if (!ReadWholeFile(IndexPath(), kMaxIndex, &*index)) index.reset();
    Replace(IndexPath(), WithTag(index, manifest, tag));
  }

  std::string name_;
  std::string directory_;
  bool writes_;
  bool made_ = false;      // by this run: it is there, and free of killed runs' leftovers
  mutable UniqueFd held_;  // see HoldBlobs
};

}  // namespace

std::unique_ptr<Store> OpenLayout(const Reference& reference, const StoreOptions& options) {
  return std::make_unique<LayoutStore>(reference, options.writes);
}

}  // namespace kontext
