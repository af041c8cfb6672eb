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
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/layout.h"
#include "packer/compression.h"
#include "packer/error.h"

namespace kontext {

// Asked for every path relative to the directory, directories too; false leaves it out. What lies
// under a directory that is left out is still asked for.
using PathFilter = std::function<bool(std::string_view path)>;

// A pattern as a line of .dockerignore has it.
struct FilterRule {
  bool include = false;  // an exception, "!pattern"
  std::string pattern;
};

// What of a directory is sent; for a single file nothing of it applies.
struct FilterOptions {
  // Instead of the directory's .kontextignore or, where it has none, its .dockerignore.
  std::string ignore_file;
  // Come after the file's rules; of all rules the last that matches decides.
  std::vector<FilterRule> rules;
  // Only what git tracks, and new files that it does not ignore.
  bool git = false;
  // Otherwise what is called .git is left out, unless an exception names it ("!.git").
  bool include_git = false;
};

struct PushOptions {
  // Build on the image that is under the tag; false: a clean slate.
  bool rebase = true;
  // References of other images whose segments may be used, too: a branch starts from main's image.
  // One that is not there is left alone, with a warning.
  std::vector<std::string> from;
  // Every file at its own path, so that the merged layers show exactly the directory below
  // kBasePath: for use as an image volume or with COPY --from, without extraction.
  bool mirror = false;
  // Without a value there are no rules, no ignore file is read and .git is sent.
  std::optional<FilterOptions> ignore = FilterOptions();
  // Asked for what these rules keep.
  PathFilter filter;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  // "os/architecture"; each must have an embedded extractor. None: all that have one, or this
  // machine's for a destination that takes one platform only (docker-archive, docker-daemon).
  std::vector<std::string> platforms;
  // Do not look below a directory that something is mounted on: it is sent as an empty one.
  bool one_file_system = false;
  // Of the layers that are written; those that are there stay as they are.
  Compression compression = Compression::kGzip;
  // Keep digests of files from push to push, below $XDG_CACHE_HOME or $HOME/.cache, so that a file
  // that did not change is not read again; false: neither use nor write them.
  bool cache = true;
  // Plain HTTP for registries that are not on loopback, too.
  bool insecure_http = false;
  // Take whatever certificate a registry shows.
  bool insecure_tls = false;
  // How often a request is sent again that got no answer, or one that says "later".
  int retries = 4;
  // A transfer on which nothing moves for so long is given up.
  int timeout_seconds = 60;
  // Threads that hash and compress; 0: one per processor.
  size_t threads = 0;
  // Take one line each, from any thread; may be empty. The trace has each request, and why a path
  // is left out.
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
  bool on_stdout = false;  // an image went to standard output: nothing else may go there
};

PushResult Push(const std::string& directory, const std::string& reference,
                const PushOptions& options);

// What became of one of several references.
struct PushedTo {
  std::optional<Error> failure;  // names the reference
  PushResult result;             // when there is no failure
};

// The same to several places, packed once: one result for each reference, in their order. The first
// that can be read and written is the one whose image is built on, the others get the same
// segments. A failure of one does not keep the others. Throws only what concerns all of them.
std::vector<PushedTo> PushToAll(const std::string& directory,
                                const std::vector<std::string>& references,
                                const PushOptions& options);

// Takes away what is under each reference; under one with a digest, all tags of that image. For
// each, in order, nothing or why it is still there or never was. A layout loses the blobs that no
// other image of it has, an archive's file goes. Throws only what concerns all of them.
std::vector<std::optional<Error>> Remove(const std::vector<std::string>& references,
                                         const PushOptions& options);

// The two calls of the original library. They know no ignore files and no rules: everything is
// sent, .git too, but for what `filter` leaves out. `tag` is a full reference. PushResult::outcome
// tells whether there was any change.
PushResult BuildImage(const std::string& directory, const std::string& tag, bool rebase);
PushResult BuildImageWithFilter(const std::string& directory, const std::string& tag, bool rebase,
                                const PathFilter& filter);

// Publishes the base image - the extractor and nothing else - and gives its immutable reference.
std::string PushBase(const std::string& reference, const PushOptions& options);

// What a push of a directory would change in the image under a reference.
struct DiffEntry {
  // "added", "changed" (content), "removed", "moved" (a file, or every file of a directory),
  // "copied" (a new file with content that the image lists elsewhere), "mode" (nothing else),
  // "type" (a file is a directory now, and so on), "target" (of a symlink).
  std::string kind;
  std::string type;  // of what is at the path, "file", "dir" or "symlink"; removed: of what was
  std::string path;  // any bytes, as in the directory
  std::string from;  // moved, copied: where it was
  uint64_t files = 0;
  uint64_t bytes = 0;       // content of these files; removed: as it was
  uint64_t sent_bytes = 0;  // as much of it as a push would send, before compression
};

struct DiffReport {
  std::string image;       // immutable reference; empty: there is none that can be built on
  std::string image_tree;  // its tree digest; empty when there is none
  std::string tree;        // of the directory
  // Most sent first, then the largest, then by path.
  std::vector<DiffEntry> entries;
  uint64_t sent_bytes = 0;  // of all entries
  // Content that a push would send beside it: of segments that it merges with the new one, and what
  // another way to keep files (mirror, a clean base) needs.
  uint64_t sent_again_bytes = 0;

  // The image is there and has just this directory.
  bool Same() const { return tree == image_tree && sent_bytes + sent_again_bytes == 0; }
};

// Compares; writes nothing. `options` as for the push.
DiffReport Diff(const std::string& directory, const std::string& reference,
                const PushOptions& options);

struct SegmentReport {
  std::string digest;           // of its index
  std::string layer;            // digest of the layer that holds it
  uint64_t layer_bytes = 0;     // compressed, as are the next two, which estimate how it divides:
  uint64_t live_bytes = 0;      // what the image needs,
  uint64_t dead_bytes = 0;      // and what it does not need any more
  uint64_t entries = 0;         // lines of its index
  uint64_t bytes = 0;           // content that it stores
  uint64_t push = 0;            // which push of the image wrote it, from 1; 0: not known
  std::optional<uint64_t> age;  // pushes since then, if known
};

struct ImageReport {
  std::string reference;  // immutable
  std::string digest;
  std::string tree;
  bool mirror = false;
  uint64_t pushes = 0;  // since it was started clean; 0: not known
  uint64_t layers = 0;  // the base, too
  uint64_t files = 0, dirs = 0, symlinks = 0, bytes = 0;
  // Of all segments.
  uint64_t stored_bytes = 0, live_bytes = 0, dead_bytes = 0;
  std::vector<SegmentReport> segments;  // bottom to top
};

// What the image under a reference is.
ImageReport Inspect(const std::string& reference, const PushOptions& options);

// Gives the listing of the image under a reference to `line`: JSON Lines in canonical form, each
// with its newline, when `json`; else a path a line, as `ls -F` marks it.
void List(const std::string& reference, const PushOptions& options, bool json,
          const std::function<void(std::string_view)>& line);

// Checks the credentials with the registry ("registry.example:5000", "docker.io"), then keeps them
// where Docker's or podman's would be kept; says where. Of the options only insecure_http,
// insecure_tls, warn and trace count.
std::string Login(const std::string& registry, const std::string& username,
                  const std::string& password, const PushOptions& options);

// Forgets what Login has kept for a registry; false: there was nothing.
bool Logout(const std::string& registry, const PushOptions& options);

struct PullOptions {
  bool prune = false;      // remove what the listing does not have
  bool set_owner = false;  // give the directory and every entry to this user and group
  uint32_t uid = 0, gid = 0;
  unsigned jobs = 0;       // threads that compare and write; 0: one per processor, up to 4
  PushOptions connection;  // of it: insecure_http, warn, trace, progress
  // Asked now and then, from any thread; true ends the pull; may be empty.
  std::function<bool()> stop;
};

struct PullResult {
  std::string reference;  // immutable
  std::string tree;
  uint64_t files = 0, dirs = 0, symlinks = 0, bytes = 0;
  uint64_t written = 0;        // files and symlinks that were not in place
  uint64_t fetched_bytes = 0;  // of layers
  double seconds = 0;
};

// Recreates the directory of an image, as the extractor would: what is in place already stays
// untouched, the rest is fetched, compared with its digest and renamed into its place. Nothing in
// the directory changes before all that it lacks is there.
PullResult Pull(const std::string& reference, const std::string& directory,
                const PullOptions& options);

struct VerifyOptions {
  unsigned jobs = 0;       // as PullOptions
  PushOptions connection;  // as PullOptions
  // Takes a line for each problem: "SUBJECT: what is wrong".
  std::function<void(const std::string&)> problem;
};

struct VerifyResult {
  std::string reference;  // immutable
  uint64_t files = 0, dirs = 0, symlinks = 0, bytes = 0;
  uint64_t layer_bytes = 0;  // read
  uint64_t problems = 0;
  uint64_t unreadable = 0;  // what of the directory could not be compared, each with a warning
};

// Reads all of an image and compares everything that has a digest or is said twice; then, unless
// `directory` is empty, that directory with the listing. Throws Error when that cannot be done.
VerifyResult Verify(const std::string& reference, const std::string& directory,
                    const VerifyOptions& options);

// "0.1.0"
const char* Version();

}  // namespace kontext
