#include <algorithm>

#include "common/index_writer.h"
#include "packer/base_cache.h"
#include "packer/hash.h"
#include "packer/kontext.h"
#include "packer/one_line.h"
#include "packer/open_image.h"
#include "packer/plan/plan.h"
#include "packer/publish.h"

#ifndef KONTEXT_VERSION
#error "KONTEXT_VERSION comes from the build"
#endif

namespace kontext {
namespace {

SegmentReport ReportOf(const KnownImage& image, const KnownSegment& segment,
                       const SegmentLines& index) {
  SegmentReport report;
  report.digest = ToString(segment.index);
  report.layer = segment.layer.digest;
  report.layer_bytes = segment.layer.size;
  report.push = segment.push;
  if (segment.push > 0 && segment.push <= image.push) report.age = image.push - segment.push;
  report.entries = index.lines.size();
  for (const IndexEntry& line : index.lines) {
    if (HoldsContent(line)) report.bytes += line.size;
  }
  return report;
}

// By what a push of the image's own listing would use.
std::vector<SegmentStats> StatsOfImage(const UnpackedImage& opened,
                                       const std::vector<SegmentLines>& segments) {
  std::vector<const SegmentLines*> lines;
  std::vector<OldSegment> old;
  for (size_t i = 0; i < segments.size(); ++i) {
    lines.push_back(&segments[i]);
    const Descriptor& layer = opened.image.segments[i].layer;
    old.push_back({&segments[i], {layer.size, false, PackedSizesHint(layer)}});
  }
  return StatsOf(old, ComputeDelta(Merged(lines), opened.listing, opened.image.mirror).use);
}

void AddSegments(const UnpackedImage& opened, ImageReport* report) {
  std::vector<SegmentLines> lines;
  for (const SegmentIndex& index : opened.indexes) lines.push_back(SegmentLines::Read(index));
  std::vector<SegmentStats> stats = StatsOfImage(opened, lines);
  for (size_t i = 0; i < lines.size(); ++i) {
    SegmentReport& segment =
        report->segments.emplace_back(ReportOf(opened.image, opened.image.segments[i], lines[i]));
    segment.live_bytes = std::min(stats[i].live, segment.layer_bytes);
    segment.dead_bytes = segment.layer_bytes - segment.live_bytes;
    report->stored_bytes += segment.layer_bytes;
    report->live_bytes += segment.live_bytes;
    report->dead_bytes += segment.dead_bytes;
  }
}

std::string PlainLine(const IndexEntry& entry) {
  std::string line(entry.path);
  if (entry.type == EntryType::kDir) line += '/';
  if (entry.type == EntryType::kSymlink) line.append(" -> ").append(entry.target);
  return OneLine(line) + '\n';
}

}  // namespace

std::string PushBase(const std::string& reference, const PushOptions& options) {
  Session session(reference, options, Access::kWrite);
  session.RequireTag();
  ImageParts parts;
  parts.platforms = ChoosePlatforms(options.platforms, session.store->OnePlatform());
  parts.labels = options.labels;
  parts.annotations = options.annotations;
  parts.mtime = FixedTime();
  Uploads uploads(session.store.get());
  Publisher publisher(&uploads, parts, BaseLayers(parts.platforms, parts.mtime, session.Cache()));
  Published published = publisher.Finish({}, session.reference.tag);
  return session.reference.Immutable(published.index.descriptor.digest);
}

ImageReport Inspect(const std::string& reference, const PushOptions& options) {
  Session session(reference, options);
  UnpackedImage opened = OpenImage(session);
  ImageReport report;
  report.reference = session.reference.Immutable(opened.image.digest);
  report.digest = opened.image.digest;
  report.tree = ToString(opened.image.tree);
  report.mirror = opened.image.mirror;
  report.pushes = opened.image.push;
  report.layers = opened.image.layers;
  ListingTotals totals = opened.listing.Totals();
  report.files = totals.files;
  report.dirs = totals.dirs;
  report.symlinks = totals.symlinks;
  report.bytes = totals.bytes;
  AddSegments(opened, &report);
  return report;
}

void List(const std::string& reference, const PushOptions& options, bool json,
          const std::function<void(std::string_view)>& line) {
  Session session(reference, options);
  UnpackedImage opened = OpenImage(session);
  std::string text;
  ByteSink sink{&text, [](void* context, const char* data, size_t size) {
                  static_cast<std::string*>(context)->append(data, size);
                }};
  for (const IndexEntry& entry : opened.listing.entries()) {
    text.clear();
    if (json) WriteListingLine(entry, sink);
    line(json ? text : PlainLine(entry));
  }
}

const char* Version() { return KONTEXT_VERSION; }

}  // namespace kontext
