// Unpacks a layer's blob: gzip in any number of members (RFC 1952), or bytes that are not packed.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace kontext {

// Feed it the blob in pieces of any size, in constant memory. Throws Error(kFormat), with the
// problem only: the caller knows the subject.
class Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  // Gives what comes out to `sink` until that says false; false then.
  bool Feed(std::string_view bytes, const std::function<bool(std::string_view)>& sink);
  // Call at the end of the blob.
  void Finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kontext
