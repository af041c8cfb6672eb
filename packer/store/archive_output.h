// Where an archive is written before it is complete.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "packer/pack/byte_writer.h"

namespace kontext {

// What was not committed is gone with it. Throws Error(kIo) with the reason only.
class ArchiveOutput : public ByteWriter {
 public:
  virtual void Commit() = 0;
};

// What a symlink points at, in the end; else the path itself.
std::string ResolvedPath(const std::string& path);

// Beside `path`, renamed over it (what a symlink points at, not the link) by Commit.
std::unique_ptr<ArchiveOutput> ReplaceFile(const std::string& path);

// In TMPDIR; Commit gives the open file and its size to `use`.
std::unique_ptr<ArchiveOutput> Spool(std::function<void(int fd, uint64_t size)> use);

}  // namespace kontext
