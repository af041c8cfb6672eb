#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "common/head.h"
#include "packer/base.h"
#include "packer/hash.h"
#include "packer/image_reader.h"
#include "packer/kontext.h"
#include "packer/pack/layer_builder.h"
#include "packer/plan/delta.h"
#include "packer/plan/fold.h"
#include "packer/plan/planner.h"
#include "packer/publish.h"
#include "packer/scan/file_hasher.h"
#include "packer/session.h"

namespace kontext {
namespace {

constexpr std::string_view kOwnLabels = "dev.kontext.";

// How often a push starts over because a file changed between its first and its second reading.
constexpr int kAttempts = 5;

// A large first push uploads, downloads and later ages in parts of this much content (design 3.4).
constexpr uint64_t kSegmentBytes = 256 << 20;

class Pusher {
 public:
  Pusher(const Context& context, const Session& session, const PushOptions& options)
      : context_(context),
        session_(session),
        options_(options),
        threads_(options.threads > 0 ? options.threads : DefaultThreads()) {
    platforms_ = ParsePlatforms(options.platforms);
  }

  PushResult Run() {
    Progress("scan", 0, 0);
    listing_ = context_.Walk(options_.filter, options_.warn);
    totals_ = listing_.Totals();
    HashFiles(context_, threads_, &listing_);
    totals_ = listing_.Totals();
    tree_ = listing_.TreeDigest();
    result_.tree = ToString(tree_);
    result_.files = totals_.files;
    result_.bytes = totals_.bytes;

    std::optional<KnownImage> image;
    if (options_.rebase) image = FindImage();
    if (image && IsUnchanged(*image)) {
      result_.outcome = Outcome::kNoChange;
      result_.segments_kept = image->segments.size();
      return Finish(image->digest);
    }
    std::optional<UnpackedImage> previous;
    if (image) previous = UnpackOld(std::move(*image));
    WriteSegments(std::move(previous));
    ImageParts parts{platforms_, segments_, Labels(), options_.annotations, FixedTime()};
    Published published = Publish(session_.store.get(), session_.reference.tag, parts);
    result_.uploaded_bytes += published.uploaded_bytes;
    return Finish(published.digest);
  }

 private:
  static size_t DefaultThreads() { return std::max(1U, std::thread::hardware_concurrency()); }

  void Progress(const char* phase, uint64_t done, uint64_t total) const {
    if (options_.progress) options_.progress(phase, done, total);
  }

  void StartClean(const Error& why) const {
    if (!options_.warn) return;
    std::string problem = why.what();
    std::string subject = session_.reference.ToString() + ": ";
    if (problem.starts_with(subject)) problem.erase(0, subject.size());
    options_.warn(session_.reference.ToString() + " cannot be built on: " + problem +
                  "; starting from a clean base");
  }

  // What is under the tag, if a push can build on it.
  std::optional<KnownImage> FindImage() const {
    try {
      std::optional<KnownImage> image = ReadImage(session_.store.get(), session_.reference.tag);
      if (image) CheckWhole(session_.store.get(), image->digest);
      return image;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kFormat && error.kind() != ErrorKind::kNotFound) throw;
      StartClean(error);
      return std::nullopt;
    }
  }

  std::optional<UnpackedImage> UnpackOld(KnownImage image) const {
    try {
      return Unpack(session_.store.get(), std::move(image));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kFormat && error.kind() != ErrorKind::kNotFound) throw;
      StartClean(error);
      return std::nullopt;
    }
  }

  // The same tree, for the same platforms, with the labels and annotations that were asked for.
  bool IsUnchanged(const KnownImage& image) const {
    StringMap labels = image.labels;
    std::erase_if(labels, [](const auto& label) { return label.first.starts_with(kOwnLabels); });
    return image.tree == tree_ && image.platforms == platforms_ && labels == options_.labels &&
           image.annotations == options_.annotations;
  }

  // The delta on the segments that the planner keeps; drops the others from `previous`.
  Delta Plan(std::optional<UnpackedImage>* previous) const {
    if (!*previous) return ComputeDelta(Listing(), {}, listing_);
    UnpackedImage& old = **previous;
    Delta delta = ComputeDelta(old.listing, FindUnplaced(old.indexes, old.listing), listing_);
    std::vector<uint64_t> sizes;
    for (const KnownSegment& segment : old.image.segments) sizes.push_back(segment.layer.size);
    size_t added = Split(delta.segment, PartLimit(delta, 0)).size();
    size_t kept = ChooseKept(sizes, delta.segment.stored_bytes, totals_.bytes, added, PlanLimits());
    if (kept == sizes.size()) return delta;
    old.image.segments.resize(kept);
    old.indexes.resize(kept);
    old.listing = Fold(old.indexes);
    return ComputeDelta(old.listing, FindUnplaced(old.indexes, old.listing), listing_);
  }

  // Parts of this size are never more than there is room for beside `kept` segments: two parts that
  // follow each other always hold more than the limit.
  static uint64_t PartLimit(const Delta& delta, size_t kept) {
    size_t room = PlanLimits().max_segments - std::min(kept, PlanLimits().max_segments - 1);
    uint64_t stored = delta.segment.stored_bytes;
    return std::max(kSegmentBytes, room == 1 ? stored : 2 * stored / (room - 1) + 1);
  }

  void WriteSegments(std::optional<UnpackedImage> previous) {
    Delta delta = Plan(&previous);
    if (previous) segments_ = previous->image.segments;
    result_.segments_kept = segments_.size();
    // Only labels differ: the topmost segment has the right head already.
    if (delta.empty() && previous && previous->image.tree == tree_ && !segments_.empty()) return;
    std::vector<Segment> parts = Split(delta.segment, PartLimit(delta, segments_.size()));
    std::vector<SegmentIndex> indexes;
    indexes.reserve(parts.size());
    for (const Segment& part : parts) indexes.push_back(WriteIndex(part));
    std::string head = MakeHead(indexes);
    uint64_t done = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      Progress("pack", done, delta.segment.stored_bytes);
      WriteSegment(parts[i], indexes[i], i + 1 == parts.size() ? head : "");
      done += parts[i].stored_bytes;
    }
    result_.segments_written = parts.size();
  }

  std::string MakeHead(const std::vector<SegmentIndex>& added) const {
    Head head;
    head.tree = tree_;
    head.files = totals_.files;
    head.dirs = totals_.dirs;
    head.symlinks = totals_.symlinks;
    head.bytes = totals_.bytes;
    for (const KnownSegment& kept : segments_) head.segments[head.segment_count++] = kept.index;
    for (const SegmentIndex& index : added) head.segments[head.segment_count++] = index.digest;
    std::string text;
    WriteHead(head, {&text, [](void* context, const char* data, size_t size) {
                       static_cast<std::string*>(context)->append(data, size);
                     }});
    return text;
  }

  static std::string Summary(const Segment& segment) {
    size_t removed = 0;
    for (const IndexEntry& line : segment.lines) removed += line.type == EntryType::kRemoved;
    return std::to_string(segment.lines.size() - removed) + " entries set, " +
           std::to_string(removed) + " removed, " + std::to_string(segment.stored_bytes) +
           " bytes of content";
  }

  void WriteSegment(const Segment& part, const SegmentIndex& index, const std::string& head) {
    Layer layer = BuildLayer(part, index, head, listing_, context_, {threads_, FixedTime()});
    Progress("upload", 0, layer.descriptor.size);
    if (session_.store->WriteBlob(layer.descriptor,
                                  *FileBlob(layer.file.get(), layer.descriptor.size))) {
      result_.uploaded_bytes += layer.descriptor.size;
    }
    segments_.push_back({index.digest,
                         layer.descriptor,
                         layer.diff_id,
                         {"kontext segment " + ToString(index.digest), Summary(part)}});
  }

  StringMap Labels() const {
    StringMap labels = options_.labels;
    std::string segments;
    for (const KnownSegment& segment : segments_) {
      segments += (segments.empty() ? "" : ",") + ToString(segment.index);
    }
    labels[kLabelVersion] = std::to_string(kFormatVersion);
    labels[kLabelTree] = ToString(tree_);
    labels[kLabelSegments] = segments;
    labels[kLabelMirror] = "false";
    return labels;
  }

  PushResult Finish(const std::string& digest) {
    result_.digest = digest;
    result_.reference = session_.reference.Immutable(digest);
    return result_;
  }

  const Context& context_;
  const Session& session_;
  const PushOptions& options_;
  size_t threads_;
  std::vector<Platform> platforms_;
  Listing listing_;
  ListingTotals totals_;
  Digest tree_{};
  std::vector<KnownSegment> segments_;
  PushResult result_;
};

void CheckLabels(const PushOptions& options) {
  for (const auto& [name, value] : options.labels) {
    if (!name.starts_with(kOwnLabels)) continue;
    throw Error(ErrorKind::kUsage, "label '" + name + "' is kontext's own: choose another name");
  }
  if (options.platforms.empty()) throw Error(ErrorKind::kUsage, "no platform is given");
}

}  // namespace

PushResult Push(const std::string& directory, const std::string& reference,
                const PushOptions& options) {
  auto begin = std::chrono::steady_clock::now();
  CheckLabels(options);
  FixedTime();
  Session session(reference, options);
  session.RequireTag();
  Context context(directory);
  for (int attempt = 1;; ++attempt) {
    try {
      PushResult result = Pusher(context, session, options).Run();
      result.seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      return result;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kChanged || attempt == kAttempts) throw;
    }
  }
}

PushResult BuildImage(const std::string& directory, const std::string& tag, bool rebase) {
  return BuildImageWithFilter(directory, tag, rebase, nullptr);
}

PushResult BuildImageWithFilter(const std::string& directory, const std::string& tag, bool rebase,
                                const PathFilter& filter) {
  PushOptions options;
  options.rebase = rebase;
  options.filter = filter;
  return Push(directory, tag, options);
}

}  // namespace kontext
