#include "packer/store/archive_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "common/digest.h"
#include "common/fd.h"
#include "packer/error.h"
#include "packer/store/archive_image.h"
#include "packer/store/archive_output.h"
#include "packer/store/archive_writer.h"
#include "packer/store/blob_stream.h"
#include "packer/store/subject.h"

namespace kontext {
namespace {

constexpr size_t kBuffer = 256 * 1024;

bool IsDigest(const std::string& text) {
  Digest digest;
  return ParseDigest(text, &digest);
}

void CopyToStdout(int fd, uint64_t size) {
  std::unique_ptr<BlobSource> archive = FileBlob(fd, size);
  std::unique_ptr<BlobReader> reader = archive->Open(0);
  auto buffer = std::make_unique<char[]>(kBuffer);
  while (size_t got = reader->Read(buffer.get(), kBuffer)) {
    if (WriteAll(STDOUT_FILENO, buffer.get(), got)) continue;
    throw Error(ErrorKind::kIo, "cannot write to standard output: " + ErrnoText());
  }
}

class ArchiveStore : public Store {
 public:
  ArchiveStore(const Reference& reference, bool writes)
      : name_(reference.ToString()),
        path_(reference.repository),
        image_name_(reference.name.empty() ? "" : reference.name + ":" + reference.tag),
        is_stdout_(reference.IsStdout()),
        writes_(writes) {}

  std::optional<StoredManifest> GetManifest(const std::string& tag_or_digest) override {
    return WithSubject(name_, [&]() -> std::optional<StoredManifest> {
      ArchiveImages* old = Old();
      if (old == nullptr) return std::nullopt;
      if (IsDigest(tag_or_digest)) return old->FindDigest(tag_or_digest);
      // Another name is a change of what the file holds.
      if (writes_ && !old->IsJust(image_name_)) return std::nullopt;
      return old->Find(image_name_);
    });
  }

  void ReadBlob(const Descriptor& blob, uint64_t limit, const BlobSink& sink) override {
    std::unique_ptr<BlobSource> source = WithSubject(name_, [&] { return FindOld(blob); });
    if (source == nullptr) {
      throw Error(ErrorKind::kNotFound,
                  fmt::format("{}: blob {}: it is not in the archive", name_, blob.digest));
    }
    StreamBlob(name_, blob, *source, limit, sink);
  }

  bool IsLocal() const override { return true; }
  bool OnePlatform() const override { return true; }

  bool LooksWhole(const Descriptor& part) override {
    return WithSubject(name_, [&] { return FindOld(part) != nullptr; });
  }

  bool WriteBlob(const Descriptor& blob, const BlobSource& source) override {
    WithSubject(name_, [&] { Writer(); });
    return WithSubject(fmt::format("{}: blob {}", name_, blob.digest), [&] {
      if (Writer().Has(blob.digest)) return false;
      Writer().AddBlob(blob, source);
      return true;
    });
  }

  // What the archive has already comes along when it is written.
  bool MountBlob(const Descriptor& blob, const Reference&) override { return LooksWhole(blob); }

  void WriteManifest(const Descriptor& manifest, const std::string& body,
                     const std::string& tag) override {
    WithSubject(name_, [&] {
      Writer().AddManifest(manifest, body);
      if (tag.empty()) return;
      for (const Descriptor& part : Writer().Missing(manifest)) CopyOld(part);
      Writer().Finish(manifest, image_name_);
      output_->Commit();
      Restart();
      old_.reset();
      looked_ = false;
    });
  }

  bool Remove(const std::string& tag_or_digest) override {
    if (!GetManifest(tag_or_digest)) return false;
    return WithSubject(name_, [&] {
      if (!Old()->HoldsOne()) {
        throw Error(ErrorKind::kIo, "the archive has other images or names, too: remove the file");
      }
      if (unlink(ResolvedPath(path_).c_str()) != 0) throw Error(ErrorKind::kIo, ErrnoText());
      return true;
    });
  }

  void Restart() override {
    writer_.reset();
    output_.reset();
  }

 private:
  ArchiveWriter& Writer() {
    if (writer_ != nullptr) return *writer_;
    if (Old() != nullptr && !Old()->HoldsOne()) {
      throw Error(ErrorKind::kIo,
                  "the archive that is there has other images or names, too: remove it, or choose "
                  "another file");
    }
    output_ = is_stdout_ ? Spool(CopyToStdout) : ReplaceFile(path_);
    writer_ = std::make_unique<ArchiveWriter>(output_.get());
    return *writer_;
  }

  // What the file holds now; null when it is not there or empty, as mktemp makes it. Throws
  // Error(kIo) for what must not be replaced.
  ArchiveImages* Old() {
    if (looked_ || is_stdout_) return old_.get();
    UniqueFd file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info;
    if (!file.valid() || fstat(file.get(), &info) != 0) {
      if (errno != ENOENT) throw Error(ErrorKind::kIo, ErrnoText());
    } else if (!S_ISREG(info.st_mode)) {
      throw Error(ErrorKind::kIo, "it is no regular file; docker-archive:- is standard output");
    } else if (info.st_size > 0) {
      OpenOld(std::move(file));
    }
    looked_ = true;
    return old_.get();
  }

  void OpenOld(UniqueFd file) {
    try {
      old_ = std::make_unique<ArchiveImages>(std::move(file));
    } catch (const Error& error) {
      if (!writes_ || error.kind() == ErrorKind::kIo) throw;
      throw Error(ErrorKind::kIo,
                  fmt::format("the file that is there is no image archive ({}): remove it, or "
                              "choose another name",
                              error.what()));
    }
  }

  std::unique_ptr<BlobSource> FindOld(const Descriptor& blob) {
    ArchiveImages* old = Old();
    std::unique_ptr<BlobSource> source = old == nullptr ? nullptr : old->FindBlob(blob.digest);
    return source != nullptr && source->size() == blob.size ? std::move(source) : nullptr;
  }

  void CopyOld(const Descriptor& part) {
    std::unique_ptr<BlobSource> source = FindOld(part);
    if (source == nullptr) throw Error(ErrorKind::kMissingPart, part.digest + " is not there");
    try {
      Writer().AddBlob(part, *source);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kChanged) throw;
      throw Error(ErrorKind::kFormat,
                  fmt::format("blob {} of the archive that is there is damaged; "
                              "--clean writes all of it anew",
                              part.digest));
    }
  }

  std::string name_;
  std::string path_;
  std::string image_name_;  // "docker.io/library/app:v1"; may be empty
  bool is_stdout_;
  bool writes_;
  bool looked_ = false;
  std::unique_ptr<ArchiveImages> old_;
  std::unique_ptr<ArchiveOutput> output_;
  std::unique_ptr<ArchiveWriter> writer_;
};

}  // namespace

std::unique_ptr<Store> OpenArchive(const Reference& reference, const StoreOptions& options) {
  if (reference.IsStdout() && !options.writes) {
    throw Error(ErrorKind::kUsage, reference.ToString() + ": an archive is read from a file");
  }
  if (reference.IsStdout() && isatty(STDOUT_FILENO) == 1) {
    throw Error(ErrorKind::kUsage,
                reference.ToString() + ": standard output is a terminal: redirect it");
  }
  return std::make_unique<ArchiveStore>(reference, options.writes);
}

}  // namespace kontext
