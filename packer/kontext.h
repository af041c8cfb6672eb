// kontext: a directory becomes a self-extracting container image and goes to a registry. This is
// the library's whole public face. kBasePath and kManifestPath, the places in an image of the
// directory and of the head that describes it, come with common/layout.h.
//
// Every function throws kontext::Error (one sentence that names its subject) when it cannot do its
// work; nothing is then left under the tag that was not there before.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/layout.h"
#include "packer/error.h"

namespace kontext {

// Asked for every path relative to the directory, directories too; false leaves it out. What lies
// under a directory that is left out is still asked for.
using PathFilter = std::function<bool(std::string_view path)>;

struct PushOptions {
  // Build on the image that is under the tag; false: a clean slate.
  bool rebase = true;
  PathFilter filter;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  // "os/architecture"; each must have an embedded extractor.
  std::vector<std::string> platforms = {"linux/amd64", "linux/arm64"};
  bool insecure_http = false;
  // Threads that hash and compress; 0: one per processor.
  size_t threads = 0;
  // Take one line each; may be empty.
  std::function<void(const std::string&)> warn;
  std::function<void(const std::string&)> trace;
  // What is being done ("scan", "pack", "upload") and how far it is, in bytes; may be empty.
  std::function<void(const char* phase, uint64_t done, uint64_t total)> progress;
};

enum class Outcome {
  kPushed,
  kNoChange,  // the image under the tag already is this directory: nothing was sent
};

struct PushResult {
  Outcome outcome = Outcome::kPushed;
  std::string reference;  // immutable: "registry/repo@sha256:…"
  std::string digest;     // "sha256:…"
  std::string tree;       // the tree digest, "sha256:…"
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t uploaded_bytes = 0;  // of blobs, manifests and the index that were sent
  size_t segments_kept = 0;
  size_t segments_written = 0;
  double seconds = 0;
};

PushResult Push(const std::string& directory, const std::string& reference,
                const PushOptions& options);

// The two calls of the original library. `tag` is a full reference. PushResult::outcome tells
// whether there was any change.
PushResult BuildImage(const std::string& directory, const std::string& tag, bool rebase);
PushResult BuildImageWithFilter(const std::string& directory, const std::string& tag, bool rebase,
                                const PathFilter& filter);

// Publishes the base image - the extractor and nothing else - and gives its immutable reference.
std::string PushBase(const std::string& reference, const PushOptions& options);

struct SegmentReport {
  std::string digest;        // of its index
  std::string layer;         // digest of the layer that holds it
  uint64_t layer_bytes = 0;  // compressed
  uint64_t entries = 0;      // lines of its index
  uint64_t bytes = 0;        // content that it stores
};

struct ImageReport {
  std::string reference;  // immutable
  std::string tree;
  uint64_t files = 0, dirs = 0, symlinks = 0, bytes = 0;
  std::vector<SegmentReport> segments;  // bottom to top
};

// What the image under a reference is.
ImageReport Inspect(const std::string& reference, const PushOptions& options);

// Gives the listing of the image under a reference to `line`: JSON Lines in canonical form, each
// with its newline, when `json`; else a path a line, as `ls -F` marks it.
void List(const std::string& reference, const PushOptions& options, bool json,
          const std::function<void(std::string_view)>& line);

// "0.1.0"
const char* Version();

}  // namespace kontext
