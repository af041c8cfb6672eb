#include <algorithm>

#include "common/index_writer.h"
#include "packer/base.h"
#include "packer/hash.h"
#include "packer/image_reader.h"
#include "packer/kontext.h"
#include "packer/one_line.h"
#include "packer/publish.h"
#include "packer/session.h"

#ifndef KONTEXT_VERSION
#error "KONTEXT_VERSION comes from the build"
#endif

namespace kontext {
namespace {

// An image that is read for its own sake: what a push would start clean over is an error here.
UnpackedImage OpenImage(const Session& session) {
  const Reference& reference = session.reference;
  try {
    std::optional<KnownImage> image =
        ReadImage(session.store.get(), reference.digest.empty() ? reference.tag : reference.digest);
    if (!image) throw Error(ErrorKind::kNotFound, "there is no such image");
    return Unpack(session.store.get(), std::move(*image));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFormat && error.kind() != ErrorKind::kNotFound) throw;
    std::string problem = error.what();
    std::string subject = reference.ToString() + ": ";
    throw Error(error.kind(), problem.starts_with(subject) ? problem : subject + problem);
  }
}

SegmentReport ReportOf(const KnownSegment& segment, const SegmentIndex& index) {
  SegmentReport report;
  report.digest = ToString(segment.index);
  report.layer = segment.layer.digest;
  report.layer_bytes = segment.layer.size;
  ForEachLine(index, [&](const IndexEntry& line) {
    ++report.entries;
    bool stores =
        line.type == EntryType::kObject || (line.type == EntryType::kFile && line.at.empty());
    if (stores) report.bytes += line.size;
  });
  return report;
}

std::string PlainLine(const IndexEntry& entry) {
  std::string line(entry.path);
  if (entry.type == EntryType::kDir) line += '/';
  if (entry.type == EntryType::kSymlink) line.append(" -> ").append(entry.target);
  return OneLine(line) + '\n';
}

}  // namespace

std::string PushBase(const std::string& reference, const PushOptions& options) {
  Session session(reference, options);
  session.RequireTag();
  ImageParts parts;
  parts.platforms = ParsePlatforms(options.platforms);
  parts.labels = options.labels;
  parts.annotations = options.annotations;
  parts.mtime = FixedTime();
  Published published = Publish(session.store.get(), session.reference.tag, parts);
  return session.reference.Immutable(published.digest);
}

ImageReport Inspect(const std::string& reference, const PushOptions& options) {
  Session session(reference, options);
  UnpackedImage opened = OpenImage(session);
  ImageReport report;
  report.reference = session.reference.Immutable(opened.image.digest);
  report.tree = ToString(opened.image.tree);
  ListingTotals totals = opened.listing.Totals();
  report.files = totals.files;
  report.dirs = totals.dirs;
  report.symlinks = totals.symlinks;
  report.bytes = totals.bytes;
  for (size_t i = 0; i < opened.indexes.size(); ++i) {
    report.segments.push_back(ReportOf(opened.image.segments[i], opened.indexes[i]));
  }
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
