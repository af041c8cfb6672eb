// Content to upload: of known size, readable more than once (a retry starts again).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "common/fd.h"

namespace kontext {

class BlobReader {
 public:
  virtual ~BlobReader() = default;
  // Up to `size` bytes; 0 at the end. Throws Error(kIo).
  virtual size_t Read(char* out, size_t size) = 0;
};

class BlobSource {
 public:
  virtual ~BlobSource() = default;
  virtual uint64_t size() const = 0;
  // A new reader, from byte `offset`.
  virtual std::unique_ptr<BlobReader> Open(uint64_t offset) const = 0;
};

// Bytes in memory. Copies `bytes`.
std::unique_ptr<BlobSource> MemoryBlob(std::string bytes);

// The first `size` bytes of an open file, read with pread; `fd` must outlive the source.
std::unique_ptr<BlobSource> FileBlob(int fd, uint64_t size);

// The same; owns the file.
std::unique_ptr<BlobSource> OwnFileBlob(UniqueFd file, uint64_t size);

// `size` bytes of `whole` from `offset`, which must lie within it; `whole` must outlive it.
std::unique_ptr<BlobSource> PartOf(const BlobSource& whole, uint64_t offset, uint64_t size);

}  // namespace kontext
