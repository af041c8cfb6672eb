// What a Docker daemon answers (Docker Engine API, "Import images" and "Inspect an image"). Pure.
#pragma once

#include <string>
#include <string_view>

#include "packer/image/image.h"

namespace kontext {

// Reads the JSON stream that a load answers with: an error in it is a failure, whatever the status.
class LoadAnswer {
 public:
  // In pieces of any size. Lines that are too long to be messages are passed over.
  void Feed(std::string_view bytes);
  void Finish();

  // The daemon's own words, in one line; empty: it did not complain.
  const std::string& error() const { return error_; }

 private:
  void TakeLine();

  std::string line_;
  bool too_long_ = false;
  std::string error_;
};

// The "message" of a refusal; else the text itself. In one line.
std::string DaemonMessage(std::string_view body);

struct DaemonImage {
  std::string id;      // "sha256:<hex>", as the daemon calls it
  ImageConfig config;  // platform, labels, diff IDs
};

// Throws Error(kFormat), with the reason only.
DaemonImage ReadDaemonImage(std::string_view json);

}  // namespace kontext
