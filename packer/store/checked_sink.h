// Between a blob's bytes and who wants them: counts and hashes what passes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "packer/hash.h"
#include "packer/image/descriptor.h"
#include "packer/store/store.h"

namespace kontext {

// `blob` and `sink` must outlive it. `name` begins the message of an Error.
class CheckedSink {
 public:
  // `wanted`: how many of the blob's bytes are to come, at most its size.
  CheckedSink(std::string name, const Descriptor& blob, uint64_t wanted, const BlobSink& sink);

  // False: enough, hang up.
  bool Take(std::string_view bytes);

  // To be called when no more bytes come. Throws Error(kFormat) when there were too few though
  // nobody hung up, or when the whole blob passed and is not what its digest says.
  void Finish();

 private:
  [[noreturn]] void Fail(const std::string& problem) const;

  std::string name_;
  const Descriptor& blob_;
  uint64_t wanted_;
  const BlobSink& sink_;
  Hasher hasher_;
  uint64_t taken_ = 0;
  bool hung_up_ = false;
};

// How many bytes a ReadBlob with `limit` is to hand out.
uint64_t WantedBytes(const Descriptor& blob, uint64_t limit);

}  // namespace kontext
