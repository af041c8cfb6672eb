// A tar file whose members are read in any order.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/fd.h"
#include "packer/store/blob_source.h"

namespace kontext {

// Not for several threads before it is made; then for any number.
class TarFile {
 public:
  // Reads the headers, not the data between them. Throws Error(kIo), or Error(kFormat) for what is
  // no whole tar archive; with the reason only.
  explicit TarFile(UniqueFd file);

  // Of a file in it; null when there is none.
  std::unique_ptr<BlobSource> Find(const std::string& path) const;

  // All of a file in it. Throws Error(kNotFound), or Error(kFormat) above `max_size`; with the
  // reason only.
  std::string Read(const std::string& path, uint64_t max_size) const;

 private:
  struct Member {
    uint64_t offset;
    uint64_t size;
  };

  std::unique_ptr<BlobSource> file_;
  std::map<std::string, Member> members_;
};

}  // namespace kontext
