// Unpacks a layer's blob: gzip in any number of members (RFC 1952), zstd in any number of frames
// (RFC 8878), or bytes that are not packed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace kontext {

// Takes unpacked bytes; false: enough.
using UnpackedSink = std::function<bool(std::string_view)>;

// One way of packing.
class StreamDecoder {
 public:
  virtual ~StreamDecoder() = default;
  // Gives what comes out to `sink` until that says false; false then. Throws Error(kFormat).
  virtual bool Feed(std::string_view bytes, const UnpackedSink& sink) = 0;
  // In the midst of a member or frame?
  virtual bool IsOpen() const = 0;
};

// Feed it the blob in pieces of any size, in constant memory. Throws Error(kFormat), with the
// problem only: the caller knows the subject.
class Decompressor {
 public:
  // Gives what comes out to `sink` until that says false; false then.
  bool Feed(std::string_view bytes, const UnpackedSink& sink);
  // Call at the end of the blob.
  void Finish() const;

 private:
  std::string head_;                        // the first bytes, until they tell what this is
  std::unique_ptr<StreamDecoder> decoder_;  // then made for it
};

}  // namespace kontext
