#include "packer/earlier.h"

#include <algorithm>
#include <future>
#include <utility>

#include "packer/error.h"
#include "packer/plan/merged.h"

namespace kontext {
namespace {

using Warn = std::function<void(const std::string&)>;

// What is done when an image cannot be built on: the one under the tag, another one.
constexpr char kInstead[] = "starting from a clean base";
constexpr char kInsteadOfOther[] = "nothing of it is used";

void WarnOf(const Session& session, const Error& why, const char* instead, const Warn& warn) {
  if (!warn) return;
  std::string name = session.reference.ToString();
  std::string problem = why.what();
  if (problem.starts_with(name + ": ")) problem.erase(0, name.size() + 2);
  warn(name + " cannot be built on: " + problem + "; " + instead);
}

// All at once: of a large tree's image, this is most of what a small push does beside the scan.
std::vector<SegmentLines> ReadLines(std::vector<SegmentIndex> indexes) {
  std::vector<std::future<SegmentLines>> reading;
  reading.reserve(indexes.size());
  for (SegmentIndex& index : indexes) {
    reading.push_back(std::async(std::launch::async,
                                 [taken = std::move(index)] { return SegmentLines::Read(taken); }));
  }
  std::vector<SegmentLines> lines;
  lines.reserve(reading.size());
  for (std::future<SegmentLines>& segment : reading) lines.push_back(segment.get());
  return lines;
}

// Trouble of the image itself, not of getting at it.
bool IsOfTheImage(const Error& error) {
  return error.kind() == ErrorKind::kFormat || error.kind() == ErrorKind::kNotFound;
}

}  // namespace

std::optional<TagDocument> FindTag(const Session& session, const Warn& warn) {
  try {
    return ReadTag(session.store.get(), session.Name());
  } catch (const Error& error) {
    if (!IsOfTheImage(error)) throw;
    WarnOf(session, error, kInstead, warn);
    return std::nullopt;
  }
}

void Earlier::Add(const Session& session, const std::optional<TagDocument>& tag) {
  image_.reset();
  if (!tag) return;
  try {
    Take(session, *tag);
  } catch (const Error& error) {
    if (!IsOfTheImage(error)) throw;
    WarnOf(session, error, kInstead, warn_);
    image_.reset();
  }
}

void Earlier::AddOther(const Session& session) {
  try {
    std::optional<TagDocument> tag = ReadTag(session.store.get(), session.Name());
    if (tag) return Take(session, *tag);
    if (warn_) warn_(session.reference.ToString() + " is not there: " + kInsteadOfOther);
  } catch (const Error& error) {
    if (!IsOfTheImage(error)) throw;
    WarnOf(session, error, kInsteadOfOther, warn_);
  }
}

void Earlier::Take(const Session& session, const TagDocument& tag) {
  Store* store = session.store.get();
  KnownImage image = ReadImage(store, tag, session.DocumentCache());
  CheckWhole(store, image.digest);
  std::vector<SegmentLines> lines = ReadLines(ReadIndexes(store, image, session.DocumentCache()));
  CheckTree(image, lines);
  for (size_t i = 0; i < lines.size(); ++i) {
    bool known = std::any_of(segments_.begin(), segments_.end(), [&](const EarlierSegment& other) {
      return other.known.index == image.segments[i].index;
    });
    if (!known) segments_.push_back({image.segments[i], std::move(lines[i]), &session});
  }
  push_ = std::max(push_, image.push);
  image_ = std::move(image);
}

std::vector<OldSegment> Earlier::OldSegments() const {
  std::vector<OldSegment> old;
  for (const EarlierSegment& segment : segments_) {
    bool copied = !segment.from->reference.SameRegistry(target_);
    old.push_back({&segment.lines, segment.known.layer.size, copied});
  }
  return old;
}

Listing Earlier::ImageListing() const {
  if (!image_) return {};
  std::vector<const SegmentLines*> lines;
  for (const KnownSegment& segment : image_->segments) {
    auto found = std::find_if(segments_.begin(), segments_.end(), [&](const EarlierSegment& other) {
      return other.known.index == segment.index;
    });
    lines.push_back(&found->lines);
  }
  return Merged(lines).Fold();
}

void CheckFrom(const PushOptions& options) {
  if (options.rebase || options.from.empty()) return;
  throw Error(ErrorKind::kUsage, "a push from a clean base cannot use other images");
}

}  // namespace kontext
