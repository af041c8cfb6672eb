// Writes a tar stream: ustar (POSIX.1-1988), with a PAX header (POSIX.1-2001) before an entry whose
// name, link target or size does not fit or is not ASCII; never a global one. Owner 0:0, no names,
// one fixed time. Our own, so that the bytes - and with them every digest - depend on no library's
// version and on no locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "packer/pack/byte_writer.h"

namespace kontext {

class TarWriter {
 public:
  // `mtime`: seconds since 1970, of every entry.
  TarWriter(ByteWriter* out, uint64_t mtime) : out_(out), mtime_(mtime) {}

  void AddDir(std::string_view path, uint32_t mode);
  void AddSymlink(std::string_view path, std::string_view target);
  // Then exactly `size` bytes through Write.
  void BeginFile(std::string_view path, uint32_t mode, uint64_t size);
  void Write(std::string_view bytes);
  void EndFile();
  void AddFile(std::string_view path, uint32_t mode, std::string_view bytes);
  // The two blocks of zeros that end an archive.
  void Finish();

 private:
  void WriteHeader(char type, std::string_view path, std::string_view target, uint32_t mode,
                   uint64_t size);
  void WriteBlock(char type, std::string_view path, std::string_view target, uint32_t mode,
                  uint64_t size);
  void WritePadding(uint64_t size);

  ByteWriter* out_;
  uint64_t mtime_;
  uint64_t file_size_ = 0;
};

}  // namespace kontext
