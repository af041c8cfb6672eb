#include "common/tree/verify.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/head.h"
#include "common/tree/dir_open.h"
#include "common/tree/workers.h"
#include "packer/fetch.h"
#include "packer/hash.h"
#include "packer/kontext.h"
#include "packer/layer_check.h"
#include "packer/local_tree.h"
#include "packer/open_image.h"
#include "packer/places.h"

namespace kontext {
namespace {

constexpr uint64_t kMaxConfig = 4 << 20;

bool IsOfImage(const Error& error) {
  return error.kind() == ErrorKind::kFormat || error.kind() == ErrorKind::kNotFound;
}

class ImageVerifier {
 public:
  ImageVerifier(Session* session, const TakeProblem& problem)
      : session_(session), store_(session->store.get()), problem_(problem) {}

  // Gives the image if enough of it holds together to tell its listing.
  std::optional<UnpackedImage> Run();
  uint64_t layer_bytes() const { return layer_bytes_; }

 private:
  // Runs a step; an image that does not hold together is a problem, anything else an error.
  template <typename Step>
  bool Try(const std::string& subject, Step step) {
    try {
      step();
      return true;
    } catch (const Error& error) {
      if (!IsOfImage(error)) throw;
      std::string problem = error.what();
      bool named = problem.find(subject) != std::string::npos;
      problem_(named ? problem : subject + ": " + problem);
      return false;
    }
  }

  void CheckManifest(const std::string& name, const Descriptor& descriptor);
  void CheckConfig(const std::string& name, const ImageManifest& manifest);
  void CheckLabels(const std::string& name, const ImageConfig& config);
  void CheckLayer(const Descriptor& layer, const std::string& diff_id, size_t place, size_t layers);
  void CheckHead(const std::string& subject, std::string text);
  void CheckPlaces();

  Session* session_;
  Store* store_;
  TakeProblem problem_;
  std::optional<UnpackedImage> opened_;
  std::map<std::string, std::string> checked_layers_;  // digest -> diff ID
  uint64_t layer_bytes_ = 0;
};

std::optional<UnpackedImage> ImageVerifier::Run() {
  std::string name = session_->reference.ToString();
  std::optional<StoredManifest> root = store_->GetManifest(session_->Name());
  if (!root) throw Error(ErrorKind::kNotFound, name + ": there is no such image");
  Try(name, [&] { opened_ = OpenImage(*session_, *root); });
  if (root->descriptor.media_type == kMediaTypeManifest) {
    CheckManifest(name, root->descriptor);
  } else {
    Try(name, [&] {
      for (const Descriptor& manifest : ReadIndex(root->body).manifests) {
        CheckManifest("manifest " + manifest.digest, manifest);
      }
    });
  }
  if (opened_) CheckPlaces();
  return std::move(opened_);
}

void ImageVerifier::CheckManifest(const std::string& name, const Descriptor& descriptor) {
  Try(name, [&] {
    std::optional<StoredManifest> stored = store_->GetManifest(descriptor.digest);
    if (!stored) throw Error(ErrorKind::kNotFound, "missing");
    if (stored->body.size() != descriptor.size) {
      throw Error(ErrorKind::kFormat, "its size is not the one of its descriptor");
    }
    CheckConfig(name, ReadManifest(stored->body));
  });
}

void ImageVerifier::CheckConfig(const std::string& name, const ImageManifest& manifest) {
  if (manifest.config.size > kMaxConfig) throw Error(ErrorKind::kFormat, "config is too large");
  std::string text;
  store_->ReadBlob(manifest.config, 0, [&](std::string_view bytes) {
    text += bytes;
    return true;
  });
  ImageConfig config = ReadConfig(text);
  CheckLabels(name, config);
  size_t layers = manifest.layers.size();
  if (config.diff_ids.size() != layers) {
    problem_(name + ": it has " + std::to_string(layers) + " layers and " +
             std::to_string(config.diff_ids.size()) + " diff IDs");
    config.diff_ids.resize(layers);
  }
  for (size_t i = 0; i < layers; ++i) {
    CheckLayer(manifest.layers[i], config.diff_ids[i], i, layers);
  }
}

void ImageVerifier::CheckLabels(const std::string& name, const ImageConfig& config) {
  if (!opened_) return;
  for (const char* label : {kLabelVersion, kLabelTree, kLabelSegments}) {
    auto mine = config.labels.find(label);
    auto theirs = opened_->image.labels.find(label);
    bool same = mine != config.labels.end() && theirs != opened_->image.labels.end() &&
                mine->second == theirs->second;
    if (!same) problem_(name + ": label " + label + " is not that of the other manifests");
  }
}

void ImageVerifier::CheckLayer(const Descriptor& layer, const std::string& diff_id, size_t place,
                               size_t layers) {
  std::string subject = "layer " + layer.digest;
  if (auto known = checked_layers_.find(layer.digest); known != checked_layers_.end()) {
    if (known->second != diff_id) problem_(subject + ": two configs give it different diff IDs");
    return;
  }
  checked_layers_[layer.digest] = diff_id;
  size_t segments = opened_ ? opened_->indexes.size() : 0;
  bool is_segment = opened_ && place + segments >= layers;
  size_t segment = place + segments - layers;
  Try(subject, [&] {
    // Without indexes only the bytes can be compared.
    ExpectedItems expected = is_segment ? ExpectSegment(opened_->indexes[segment]) : ExpectBase();
    auto take = [&](const std::string& problem) {
      if (opened_) problem_(subject + ": " + problem);
    };
    LayerCheck check(std::move(expected), take);
    Hasher hasher;
    auto unpacked = [&](std::string_view bytes) { hasher.Update(bytes); };
    layer_bytes_ += ReadLayer(
        store_, layer, &check, [] { return true; }, unpacked);
    check.Finish();
    if (hasher.FinishString() != diff_id) problem_(subject + ": its diff ID is another");
    if (is_segment && segment + 1 == segments) CheckHead(subject, check.head());
  });
}

void ImageVerifier::CheckHead(const std::string& subject, std::string text) {
  std::string name = subject + ": " + std::string(kManifestPath) + ": ";
  Head head;
  size_t size = text.size();
  text.push_back('\0');
  if (const char* problem = ParseHead(text.data(), size, &head)) return problem_(name + problem);
  if (head.version != kFormatVersion) return problem_(name + "its version is not the label's");
  if (!(head.tree == opened_->image.tree)) problem_(name + "its tree is not the label's");
  bool same = head.segment_count == opened_->indexes.size();
  for (size_t i = 0; same && i < head.segment_count; ++i) {
    same = head.segments[i] == opened_->indexes[i].digest;
  }
  if (!same) problem_(name + "its segments are not the label's");
  ListingTotals totals = opened_->listing.Totals();
  if (head.files != totals.files || head.dirs != totals.dirs || head.symlinks != totals.symlinks ||
      head.bytes != totals.bytes) {
    problem_(name + "its counts are not those of the segments");
  }
}

void ImageVerifier::CheckPlaces() {
  std::vector<const IndexEntry*> files;
  for (const IndexEntry& entry : opened_->listing.entries()) {
    if (entry.type == EntryType::kFile) files.push_back(&entry);
  }
  Places places = FindPlaces(opened_->indexes, files);
  for (const IndexEntry* file : files) {
    const std::optional<Shown>& shown = places.at(PlaceOf(*file));
    if (shown && shown->sha256 == file->sha256 && shown->size == file->size) continue;
    problem_(std::string(file->path) + ": the merged layers do not show its content at '" +
             std::string(PlaceOf(*file)) + "'");
  }
}

void VerifyDirectory(const std::string& directory, const Listing& listing,
                     const VerifyOptions& options, const TakeProblem& problem,
                     uint64_t* unreadable) {
  UniqueFd dir(tree::OpenTarget(directory.c_str(), false));
  if (!dir.valid()) {
    throw Error(ErrorKind::kIo, directory + ": cannot be opened: " + std::strerror(errno));
  }
  Messages messages;
  tree::RunOptions run_options;
  run_options.report = messages.report();
  run_options.target = directory;
  tree::Run run(run_options);
  DifferenceCollector collector([&](const tree::Difference& difference) {
    std::string text = directory + '/' + TextOf(difference);
    if (difference.kind != tree::DifferenceKind::kUnreadable) return problem(text);
    ++*unreadable;
    if (options.connection.warn) options.connection.warn(text);
  });
  bool compared = tree::Verify(&run, EntriesOf(listing), dir.release(),
                               tree::JobsToUse(options.jobs), collector.sink());
  if (!compared) messages.Throw(directory);
}

}  // namespace

VerifyResult Verify(const std::string& reference, const std::string& directory,
                    const VerifyOptions& options) {
  VerifyResult result;
  TakeProblem take = [&](const std::string& text) {
    ++result.problems;
    if (options.problem) options.problem(text);
  };
  PushOptions connection = options.connection;
  connection.cache = false;  // what the store has is looked at, nothing else
  Session session(reference, connection);
  ImageVerifier verifier(&session, take);
  std::optional<UnpackedImage> opened = verifier.Run();
  result.layer_bytes = verifier.layer_bytes();
  if (!opened) return result;
  if (!directory.empty()) {
    VerifyDirectory(directory, opened->listing, options, take, &result.unreadable);
  }
  ListingTotals totals = opened->listing.Totals();
  result.reference = session.reference.Immutable(opened->image.digest);
  result.files = totals.files;
  result.dirs = totals.dirs;
  result.symlinks = totals.symlinks;
  result.bytes = totals.bytes;
  return result;
}

}  // namespace kontext
