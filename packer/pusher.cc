#include "packer/pusher.h"

#include <algorithm>
#include <utility>

#include "common/head.h"
#include "packer/base_cache.h"
#include "packer/bring_segments.h"
#include "packer/fold_cache.h"
#include "packer/hash.h"
#include "packer/lines_cache.h"
#include "packer/pack/layer_items.h"
#include "packer/plan/plan.h"
#include "packer/segment_reader.h"

namespace kontext {
namespace {

std::string TextOf(const Head& head) {
  std::string text;
  WriteHead(head, {&text, [](void* context, const char* data, size_t size) {
                     static_cast<std::string*>(context)->append(data, size);
                   }});
  return text;
}

// Short: it is sent with every push, for each segment and platform. `docker history` tells a
// layer's size beside it.
std::string Summary(const Segment& segment) {
  size_t removed = 0;
  for (const IndexEntry& line : segment.lines) removed += line.type == EntryType::kRemoved;
  std::string summary = "kontext: " + std::to_string(segment.lines.size() - removed) + " set";
  if (removed > 0) summary += ", " + std::to_string(removed) + " removed";
  return summary;
}

}  // namespace

Target::Target(const std::string& reference, const PushOptions& options)
    : session(reference, options, Access::kWrite), request(options, session.store->OnePlatform()) {
  session.RequireTag();
}

Pusher::Pusher(const SourceTree& source, const Scan& scan, const Target& first,
               const std::deque<Session>& from, const PushOptions& options, bool keep_layers)
    : source_(source),
      scan_(scan),
      first_(first),
      session_(first.session),
      from_(from),
      options_(options),
      keep_layers_(keep_layers),
      earlier_(first.session.reference, options.warn),
      uploads_(first.session.store.get(),
               [this](uint64_t done, uint64_t total) { Progress("upload", done, total); }) {
  result_.files = scan.totals.files;
  result_.bytes = scan.totals.bytes;
}

PushResult Pusher::Run(const TagQuery* query) {
  std::optional<TagDocument> tag;
  if (query != nullptr) {
    tag = query->Answer(options_.warn);
  } else if (options_.rebase) {
    tag = FindTag(session_, options_.warn);
  }
  // Other places need to know the segments.
  if (tag && !keep_layers_ && IsUnchanged(*tag)) {
    result_.segments_kept = SegmentCount(*tag->index);
    return Finish(first_, tag->stored, Outcome::kNoChange);
  }
  if (std::optional<ChangePlan> change = PlanFromChange(tag)) {
    earlier_.AddUnread(session_, std::move(change->image));
    // What was seen last is under the tag, so that no push of this change was broken off that may
    // have left its blobs: their uploads begin while the tree digest is made.
    if (!change->plan.parts.empty()) {
      uploads_.Expect(change->plan.parts.size() + first_.request.platforms().size());
    }
    return WriteImage(std::move(change->plan));
  }
  earlier_.AddOthers(from_);
  earlier_.Add(session_, tag);
  const std::optional<KnownImage>& image = earlier_.image();
  if (image && !scan_.IsSurelyNot(image->tree) && first_.request.IsMetBy(*image, scan_.tree())) {
    push_ = image->push;
    KeepAllOf(*image);
    result_.segments_kept = segments_.size();
    return Finish(first_, tag->stored, Outcome::kNoChange);
  }
  return WriteImage(PlanFromAll());
}

std::optional<ChangePlan> Pusher::PlanFromChange(const std::optional<TagDocument>& tag) const {
  if (!tag || options_.mirror || !from_.empty()) return std::nullopt;
  return PlanChange(session_, *tag, scan_);
}

Plan Pusher::PlanFromAll() const {
  PlanOptions plan_options;
  plan_options.mirror = options_.mirror;
  return MakePlan(earlier_.OldSegments(), scan_.listing(), plan_options);
}

PushResult Pusher::WriteImage(Plan plan) {
  push_ = earlier_.push() + 1;
  std::vector<Layer> bases = BaseLayers(first_.request.platforms(), FixedTime(), session_.Cache());
  std::optional<Publisher> publisher;
  std::vector<IndexId> indexes = WriteSegments(&plan, [&] {
    ImageParts parts = PartsFor(first_.request);
    parts.known_base = KnownBase();
    if (!parts.known_base.empty()) parts.known_platforms = earlier_.image()->platforms;
    if (parts.known_base.empty()) parts.base_elsewhere = BaseElsewhere();
    publisher.emplace(&uploads_, std::move(parts), std::move(bases));
  });
  auto keep = [&] {
    if (indexes.empty()) return;
    KeepIndex(plan.parts.back(), indexes.back());
    RememberFold(plan);
  };
  Published published =
      publisher->Finish(segments_, session_.reference.tag, session_.DocumentCache(), keep);
  session_.store->ExpectNoMore();
  result_.uploaded_bytes = published.uploaded_bytes;
  return Finish(first_, std::move(published.index), Outcome::kPushed);
}

PushResult Pusher::Also(const Target& other) {
  result_.uploaded_bytes = 0;
  if (std::optional<StoredManifest> same = FindSame(other)) {
    return Finish(other, std::move(*same), Outcome::kNoChange);
  }
  if (const Written* written = InSameRepository(other)) {
    StoredManifest index = written->index;
    other.session.store->WriteManifest(index.descriptor, index.body, other.session.reference.tag);
    result_.uploaded_bytes = index.body.size();
    return Finish(other, std::move(index), Outcome::kPushed);
  }
  Uploads uploads(other.session.store.get(),
                  [this](uint64_t done, uint64_t total) { Progress("upload", done, total); });
  BringLayers(other, &uploads);
  ImageParts parts = PartsFor(other.request);
  Publisher publisher(&uploads, parts, BaseLayers(parts.platforms, parts.mtime, session_.Cache()));
  Published published =
      publisher.Finish(segments_, other.session.reference.tag, other.session.DocumentCache());
  result_.uploaded_bytes = published.uploaded_bytes;
  return Finish(other, std::move(published.index), Outcome::kPushed);
}

void Pusher::Progress(const char* phase, uint64_t done, uint64_t total) const {
  if (options_.progress) options_.progress(phase, done, total);
}

bool Pusher::IsUnchanged(const TagDocument& tag) const {
  if (!tag.index || IsOfAnotherTree(*tag.index)) return false;
  if (!first_.request.IsMetBy(*tag.index, scan_.tree())) return false;
  try {
    CheckWhole(session_.store.get(), tag.stored.descriptor.digest);
    return true;
  } catch (const Error& error) {
    if (!IsDoneWithout(error)) throw;
    return false;  // Earlier::Add says why
  }
}

// Known before the tree digest is: it is made while the new segments are planned.
bool Pusher::IsOfAnotherTree(const ImageIndex& index) const {
  auto tree = index.annotations.find(kLabelTree);
  Digest digest;
  return tree != index.annotations.end() && ParseDigest(tree->second, &digest) &&
         scan_.IsSurelyNot(digest);
}

// What a registry has under the tag it has with its parts. A local store is looked at.
std::string Pusher::KnownBase() const {
  if (session_.store->IsLocal() || !earlier_.image()) return {};
  return earlier_.image()->base;
}

// A repository of the same registry that an image with such a base is in.
std::optional<Reference> Pusher::BaseElsewhere() const {
  for (const EarlierSegment& segment : earlier_.segments()) {
    const Reference& there = segment.from->reference;
    bool mountable = there.destination == Destination::kRegistry &&
                     there.SameRegistry(session_.reference) &&
                     !there.SameRepository(session_.reference);
    if (mountable) return there;
  }
  return std::nullopt;
}

// The indexes of the plan's parts, of which the last one is still there; none when nothing needed
// to be written. `named`: called once all are known but for their layers' descriptors.
std::vector<IndexId> Pusher::WriteSegments(Plan* plan, const std::function<void()>& named) {
  Keep(plan->kept);
  result_.segments_kept = segments_.size();
  // Only the labels or the place differ: the topmost segment has the right head already.
  if (plan->empty() && !segments_.empty() && earlier_.HasStack(scan_.tree(), segments_)) {
    named();
    return {};
  }
  std::vector<Segment>& parts = plan->parts;
  std::vector<IndexId> indexes;
  indexes.reserve(parts.size());
  for (const Segment& part : parts) indexes.push_back(IdOfIndex(part));
  Head head = HeadWithoutTree(indexes);
  MakeHead make_head = [&] {
    head.tree = scan_.tree();
    return TextOf(head);
  };
  uint64_t done = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    Progress("pack", done, plan->stored_bytes);
    done += parts[i].stored_bytes;
    bool top = i + 1 == parts.size();
    UnfinishedLayer packed = PackSegment(parts[i], indexes[i], top ? make_head : MakeHead());
    if (top) named();
    SendSegment(&packed);
    // Each but the last goes once it is written: a large tree's lines are as large as all else
    // together.
    if (!top) KeepIndex(std::exchange(parts[i], {}), indexes[i]);
  }
  result_.segments_written = parts.size();
  return indexes;
}

bool Pusher::IsSameStack(const std::optional<KnownImage>& image) const {
  auto same = [](const KnownSegment& a, const KnownSegment& b) { return a.index == b.index; };
  return image && image->tree == scan_.tree() &&
         std::equal(segments_.begin(), segments_.end(), image->segments.begin(),
                    image->segments.end(), same);
}

void Pusher::KeepAllOf(const KnownImage& image) {
  segments_ = image.segments;
  for (const EarlierSegment& segment : earlier_.segments()) {
    bool used = std::any_of(segments_.begin(), segments_.end(), [&](const KnownSegment& known) {
      return known.index == segment.known.index;
    });
    if (used) kept_.push_back(&segment);
  }
}

// Segments of other repositories come along with their layers.
void Pusher::Keep(const std::vector<bool>& kept) {
  std::vector<const EarlierSegment*> elsewhere;
  for (size_t i = 0; i < kept.size(); ++i) {
    if (!kept[i]) continue;
    const EarlierSegment& segment = earlier_.segments()[i];
    kept_.push_back(&segment);
    segments_.push_back(segment.known);
    bool here = segment.from->reference.SameRepository(session_.reference);
    if (!here) elsewhere.push_back(&segment);
  }
  BringSegments(elsewhere, &uploads_);
}

// But for the tree digest, which may take longer to be known than a small segment to be packed.
Head Pusher::HeadWithoutTree(const std::vector<IndexId>& added) const {
  Head head;
  head.files = scan_.totals.files;
  head.dirs = scan_.totals.dirs;
  head.symlinks = scan_.totals.symlinks;
  head.bytes = scan_.totals.bytes;
  for (const KnownSegment& kept : segments_) head.segments[head.segment_count++] = kept.index;
  for (const IndexId& index : added) head.segments[head.segment_count++] = index.digest;
  return head;
}

UnfinishedLayer Pusher::PackSegment(const Segment& part, const IndexId& index,
                                    const MakeHead& head) {
  UnfinishedLayer packed =
      BuildLayer(part, index, head, scan_.entries(), source_.context(),
                 {options_.compression, source_.threads(), FixedTime(), &scan_.quick_hashes});
  segments_.push_back({index.digest, {}, push_, packed.diff_id(), {Summary(part), ""}});
  return packed;
}

// Of the segment that was packed last; it is sent while the next one is packed.
void Pusher::SendSegment(UnfinishedLayer* packed) {
  Layer layer = packed->Finish();
  Descriptor& descriptor = segments_.back().layer;
  descriptor = layer.descriptor;
  uint64_t size = descriptor.size;
  if (keep_layers_) {
    layers_.push_back(std::move(layer));
    uploads_.Add(descriptor, FileBlob(layers_.back().file.get(), size));
  } else {
    uploads_.Add(descriptor, OwnFileBlob(std::move(layer.file), size));
  }
}

// For the next push, as text and as it would read that.
void Pusher::KeepIndex(const Segment& part, const IndexId& index) const {
  const CacheDir* cache = session_.DocumentCache();
  if (cache == nullptr) return;
  cache->Write(CacheKind::kIndex, ToHex(index.digest),
               [&](const CacheDir::Sink& sink) { WriteIndex(part, sink); });
  std::vector<IndexEntry> lines = ObjectLines(part);
  // Mostly there are none, and nothing needs to be copied.
  if (!lines.empty()) lines.insert(lines.end(), part.lines.begin(), part.lines.end());
  KeepLines(cache, index.digest, lines.empty() ? part.lines : lines);
}

// The new segments were computed so that all together give the tree: the next push need not fold
// them to know.
void Pusher::RememberFold(const Plan& plan) const {
  std::vector<Digest> indexes;
  indexes.reserve(segments_.size());
  for (const KnownSegment& segment : segments_) indexes.push_back(segment.index);
  std::span<const LiveLines> live;
  if (!options_.mirror) live = plan.live;
  KeepFold(session_.DocumentCache(), indexes, scan_.tree(), live);
}

ImageParts Pusher::PartsFor(const ImageRequest& request) const {
  return {request.platforms(),
          segments_,
          request.Labels(scan_.tree(), segments_, push_),
          request.Annotations(scan_.tree(), segments_.size()),
          FixedTime(),
          "",
          {},
          std::nullopt};
}

// What is under the other's tag, when that is this image already.
std::optional<StoredManifest> Pusher::FindSame(const Target& other) const {
  if (!options_.rebase) return std::nullopt;
  Store* store = other.session.store.get();
  try {
    std::optional<TagDocument> tag = ReadTag(store, other.session.Name());
    if (!tag || !tag->index || !other.request.IsMetBy(*tag->index, scan_.tree()))
      return std::nullopt;
    if (!IsSameStack(ReadImage(store, *tag, other.session.DocumentCache()))) return std::nullopt;
    CheckWhole(store, tag->stored.descriptor.digest);
    return tag->stored;
  } catch (const Error& error) {
    if (!IsDoneWithout(error)) throw;
    return std::nullopt;
  }
}

const Pusher::Written* Pusher::InSameRepository(const Target& other) const {
  for (const Written& written : written_) {
    const Reference& there = written.target->session.reference;
    if (there.SameRepository(other.session.reference)) return &written;
  }
  return nullptr;
}

void Pusher::BringLayers(const Target& other, Uploads* uploads) const {
  const Reference& there = other.session.reference;
  std::vector<const EarlierSegment*> elsewhere;
  for (const EarlierSegment* segment : kept_) {
    if (!segment->from->reference.SameRepository(there)) elsewhere.push_back(segment);
  }
  BringSegments(elsewhere, uploads);
  for (const Layer& layer : layers_) {
    if (Mount(layer.descriptor, other)) continue;
    uploads->Add(layer.descriptor, FileBlob(layer.file.get(), layer.descriptor.size));
  }
}

bool Pusher::Mount(const Descriptor& layer, const Target& other) const {
  for (const Written& written : written_) {
    const Reference& there = written.target->session.reference;
    if (!there.SameRegistry(other.session.reference)) continue;
    return other.session.store->MountBlob(layer, there);
  }
  return false;
}

PushResult Pusher::Finish(const Target& target, StoredManifest index, Outcome outcome) {
  result_.outcome = outcome;
  result_.tree = ToString(scan_.tree());
  result_.digest = target.session.store->KnownAs(index.descriptor.digest);
  result_.reference = target.session.reference.Immutable(result_.digest);
  written_.push_back({&target, std::move(index)});
  return result_;
}

}  // namespace kontext
