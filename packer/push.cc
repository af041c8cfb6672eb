#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>

#include "common/head.h"
#include "packer/bring_segments.h"
#include "packer/earlier.h"
#include "packer/hash.h"
#include "packer/image_request.h"
#include "packer/kontext.h"
#include "packer/pack/layer_builder.h"
#include "packer/plan/plan.h"
#include "packer/publish.h"
#include "packer/session.h"
#include "packer/source_tree.h"

namespace kontext {
namespace {

// Every byte of a document is sent with every push, for each segment and platform.
constexpr size_t kShortDigest = 12;

class Pusher {
 public:
  Pusher(const SourceTree& source, const ImageRequest& request, const Session& session,
         const std::deque<Session>& from, const PushOptions& options)
      : source_(source),
        request_(request),
        session_(session),
        from_(from),
        options_(options),
        uploads_(session.store.get(),
                 [this](uint64_t done, uint64_t total) { Progress("upload", done, total); }) {}

  PushResult Run(Scan scan) {
    Take(std::move(scan));
    std::optional<TagDocument> tag;
    if (options_.rebase) tag = FindTag(session_, options_.warn);
    if (tag && IsUnchanged(*tag)) {
      result_.segments_kept = SegmentCount(*tag->index);
      return NoChange(tag->stored.descriptor.digest);
    }
    Earlier earlier(session_.reference, options_.warn);
    earlier.AddOthers(from_);
    earlier.Add(session_, tag);
    if (earlier.image() && request_.IsMetBy(*earlier.image(), tree_)) {
      result_.segments_kept = earlier.image()->segments.size();
      return NoChange(earlier.image()->digest);
    }
    push_ = earlier.push() + 1;
    WriteSegments(earlier);
    ImageParts parts{request_.platforms(),
                     segments_,
                     request_.Labels(tree_, segments_, push_),
                     request_.Annotations(tree_, segments_.size()),
                     FixedTime(),
                     KnownBase(earlier)};
    Published published =
        Publish(&uploads_, session_.reference.tag, parts, session_.DocumentCache());
    result_.uploaded_bytes = published.uploaded_bytes;
    return Finish(published.digest);
  }

 private:
  void Progress(const char* phase, uint64_t done, uint64_t total) const {
    if (options_.progress) options_.progress(phase, done, total);
  }

  void Take(Scan scan) {
    listing_ = std::move(scan.listing);
    quick_hashes_ = std::move(scan.quick_hashes);
    totals_ = scan.totals;
    tree_ = scan.tree;
    result_.tree = ToString(tree_);
    result_.files = totals_.files;
    result_.bytes = totals_.bytes;
  }

  bool IsUnchanged(const TagDocument& tag) const {
    if (!tag.index || !request_.IsMetBy(*tag.index, tree_)) return false;
    try {
      CheckWhole(session_.store.get(), tag.stored.descriptor.digest);
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kFormat && error.kind() != ErrorKind::kNotFound) throw;
      return false;  // Earlier::Add says why
    }
  }

  PushResult NoChange(const std::string& digest) {
    result_.outcome = Outcome::kNoChange;
    return Finish(digest);
  }

  // What a registry has under the tag it has with its parts. A local store is looked at.
  std::string KnownBase(const Earlier& earlier) const {
    if (session_.store->IsLocal() || !earlier.image()) return {};
    return earlier.image()->base;
  }

  void WriteSegments(const Earlier& earlier) {
    std::vector<OldSegment> old = earlier.OldSegments();
    PlanOptions plan_options;
    plan_options.mirror = options_.mirror;
    Plan plan = MakePlan(old, listing_, plan_options);
    Keep(earlier, plan.kept);
    result_.segments_kept = segments_.size();
    // Only labels differ: the topmost segment has the right head already.
    if (plan.delta.empty() && !segments_.empty() && IsSameStack(earlier.image())) return;
    const std::vector<Segment>& parts = plan.parts;
    std::vector<SegmentIndex> indexes;
    indexes.reserve(parts.size());
    for (const Segment& part : parts) indexes.push_back(WriteIndex(part));
    std::string head = MakeHead(indexes);
    uint64_t done = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      Progress("pack", done, plan.delta.segment.stored_bytes);
      WriteSegment(parts[i], indexes[i], i + 1 == parts.size() ? head : "");
      done += parts[i].stored_bytes;
    }
    result_.segments_written = parts.size();
  }

  bool IsSameStack(const std::optional<KnownImage>& image) const {
    auto same = [](const KnownSegment& a, const KnownSegment& b) { return a.index == b.index; };
    return image && image->tree == tree_ &&
           std::equal(segments_.begin(), segments_.end(), image->segments.begin(),
                      image->segments.end(), same);
  }

  // Segments of other repositories come along with their layers.
  void Keep(const Earlier& earlier, const std::vector<bool>& kept) {
    std::vector<const EarlierSegment*> elsewhere;
    for (size_t i = 0; i < kept.size(); ++i) {
      if (!kept[i]) continue;
      const EarlierSegment& segment = earlier.segments()[i];
      segments_.push_back(segment.known);
      bool here = segment.from->reference.SameRepository(session_.reference);
      if (!here) elsewhere.push_back(&segment);
    }
    BringSegments(elsewhere, &uploads_);
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
    return std::to_string(segment.lines.size() - removed) + " set, " + std::to_string(removed) +
           " removed, " + std::to_string(segment.stored_bytes) + " bytes";
  }

  void WriteSegment(const Segment& part, const SegmentIndex& index, const std::string& head) {
    Layer layer =
        BuildLayer(part, index, head, listing_, source_.context(),
                   {options_.compression, source_.threads(), FixedTime(), &quick_hashes_});
    // Sent while the next one is packed.
    uploads_.Add(layer.descriptor, OwnFileBlob(std::move(layer.file), layer.descriptor.size));
    layer.descriptor.annotations[kLabelPush] = std::to_string(push_);
    KeepIndex(session_.DocumentCache(), index);
    segments_.push_back(
        {index.digest,
         layer.descriptor,
         push_,
         layer.diff_id,
         {"kontext segment " + ToHex(index.digest).substr(0, kShortDigest), Summary(part)}});
  }

  PushResult Finish(const std::string& digest) {
    result_.digest = digest;
    result_.reference = session_.reference.Immutable(digest);
    return result_;
  }

  const SourceTree& source_;
  const ImageRequest& request_;
  const Session& session_;
  const std::deque<Session>& from_;
  const PushOptions& options_;
  Listing listing_;
  QuickHashes quick_hashes_;
  ListingTotals totals_;
  Digest tree_{};
  uint64_t push_ = 1;
  std::vector<KnownSegment> segments_;
  PushResult result_;
  Uploads uploads_;
};

}  // namespace

PushResult Push(const std::string& directory, const std::string& reference,
                const PushOptions& options) {
  auto begin = std::chrono::steady_clock::now();
  FixedTime();
  Session session(reference, options, Access::kWrite);
  session.RequireTag();
  ImageRequest request(options, session.store->OnePlatform());
  std::deque<Session> from;
  for (const std::string& other : options.from) from.emplace_back(other, options);
  SourceTree source(directory, options, session.Cache());
  PushResult result;
  source.Use([&](Scan scan) {
    session.store->Restart();
    result = Pusher(source, request, session, from, options).Run(std::move(scan));
  });
  result.on_stdout = session.reference.IsStdout();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

PushResult BuildImage(const std::string& directory, const std::string& tag, bool rebase) {
  return BuildImageWithFilter(directory, tag, rebase, nullptr);
}

PushResult BuildImageWithFilter(const std::string& directory, const std::string& tag, bool rebase,
                                const PathFilter& filter) {
  PushOptions options;
  options.rebase = rebase;
  options.ignore.reset();
  options.filter = filter;
  return Push(directory, tag, options);
}

}  // namespace kontext
