// Local state of the packer: files that may vanish at any time and cost time only.
//
// Nothing here is an error. What cannot be read is not there, and what cannot be written - a full
// disk, a read-only file system, a folder of somebody else - is not kept; one line of trace says
// so. What a reader gets may be damaged: it must check it, by a checksum of its own or by the
// digest that names it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "common/fd.h"

namespace kontext {

// A subfolder of the cache; each has bounds of its own.
enum class CacheKind {
  kStat,      // "stat": stat caches, one for a directory, what has changed since, marks
  kIndex,     // "index": segment indexes by digest
  kLines,     // "lines": the same, parsed; and what segments are together
  kManifest,  // "manifest": small OCI documents by digest, base layers
};
inline constexpr size_t kCacheKinds = 4;

// The bytes of one cached file, in memory or, when they are many, mapped: nobody writes into a file
// of the cache. What is written here stays here. A disk that cannot read what is mapped ends the
// program, as it does where that cannot read a page of itself.
struct CachedBytes {
  std::shared_ptr<char> data;  // shared with a listing whose text is in it
  size_t size = 0;
  std::string_view view() const { return {data.get(), size}; }
};

// Threads and processes may share a cache: a file is written beside its name and renamed over it,
// so a reader gets an old one or a new one, whole, and of two writers the last one stays.
class CacheDir {
 public:
  using Trace = std::function<void(const std::string& line)>;

  // Keeps nothing.
  CacheDir() = default;
  // The cache in `folder`, an absolute path that need not be there yet. It is used only when it
  // belongs to the user and nobody else may write to it.
  explicit CacheDir(const std::string& folder, Trace trace = nullptr);

  // $XDG_CACHE_HOME/kontext, else $HOME/.cache/kontext; empty when the environment has neither as
  // an absolute path (XDG base directory specification).
  static std::string DefaultFolder();

  // `key` is 1 to 128 letters and digits: the hex of a digest.
  std::optional<CachedBytes> Read(CacheKind kind, std::string_view key) const;

  // Counts as used just now.
  void Renew(CacheKind kind, std::string_view key) const;

  // Keeps bytes as one file. False when that did not work. Now and then also removes what was used
  // least recently of what is over the kind's bounds, and the temporary files of runs that were
  // killed.
  bool Write(CacheKind kind, std::string_view key, std::string_view bytes) const;

  // The same for bytes that `make` gives piece by piece to what it is called with.
  using Sink = std::function<void(std::string_view)>;
  bool Write(CacheKind kind, std::string_view key,
             const std::function<void(const Sink&)>& make) const;

 private:
  // Open: what is written under its name meanwhile is another file.
  struct File {
    UniqueFd fd;
    size_t size = 0;
  };

  std::optional<File> OpenFile(CacheKind kind, std::string_view key) const;
  static std::optional<CachedBytes> Map(const File& file);
  // The kind's folder, made when `make`; not valid when there is none.
  UniqueFd Open(CacheKind kind, bool make) const;
  // `size`: of what was written.
  bool WriteFile(const UniqueFd& folder, const std::string& name, uint64_t max_bytes,
                 const std::function<void(const Sink&)>& make, uint64_t* size) const;
  void Say(const std::string& problem) const;

  std::string folder_;
  Trace trace_;
  // Not copied with the rest: behind a pointer so that a CacheDir can be moved.
  struct Shared {
    std::mutex mutex;
    bool said = false;                           // one line of trace is enough
    std::array<uint32_t, kCacheKinds> writes{};  // since the program began
  };
  std::unique_ptr<Shared> shared_;
};

}  // namespace kontext
