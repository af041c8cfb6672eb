#include "packer/earlier.h"

#include <algorithm>
#include <utility>

#include "packer/error.h"
#include "packer/in_parallel.h"
#include "packer/plan/merged.h"
#include "packer/segment_reader.h"

namespace kontext {
namespace {

using Warn = std::function<void(const std::string&)>;

// What is done when an image cannot be built on: the one under the tag, another one.
constexpr char kInstead[] = "starting from a clean base";
constexpr char kInsteadOfOther[] = "nothing of it is used";

// Each reads several of its indexes at once.
constexpr size_t kOthersAtOnce = 4;

std::string WithoutName(const Session& session, const Error& error) {
  std::string name = session.reference.ToString(), problem = error.what();
  if (problem.starts_with(name + ": ")) problem.erase(0, name.size() + 2);
  return problem;
}

void WarnOf(const Session& session, const Error& why, const char* instead, const Warn& warn) {
  if (!warn) return;
  std::string name = session.reference.ToString(), problem = WithoutName(session, why);
  if (why.kind() == ErrorKind::kForbidden) {
    warn(name + " may not be read (" + problem + "): " + instead);
  } else {
    warn(name + " cannot be built on: " + problem + "; " + instead);
  }
}

}  // namespace

bool IsDoneWithout(const Error& error) {
  return error.kind() == ErrorKind::kFormat || error.kind() == ErrorKind::kNotFound ||
         error.kind() == ErrorKind::kForbidden;
}

TagQuery::TagQuery(const Session& session)
    : session_(session), answer_(std::async(std::launch::async, [&session] {
        return ReadTag(session.store.get(), session.Name());
      })) {}

std::optional<TagDocument> TagQuery::Answer(const Warn& warn) const {
  try {
    return answer_.get();
  } catch (const Error& error) {
    if (!IsDoneWithout(error)) throw;
    WarnOf(session_, error, kInstead, warn);
    return std::nullopt;
  }
}

std::optional<TagDocument> FindTag(const Session& session, const Warn& warn) {
  return TagQuery(session).Answer(warn);
}

void Earlier::Add(const Session& session, const std::optional<TagDocument>& tag) {
  image_.reset();
  if (!tag) return;
  try {
    Take(session, Read(session, *tag));
  } catch (const Error& error) {
    if (!IsDoneWithout(error)) throw;
    WarnOf(session, error, kInstead, warn_);
    image_.reset();
  }
}

void Earlier::AddUnread(const Session& session, KnownImage image) {
  std::vector<SegmentLines> none(image.segments.size());
  Take(session, {std::move(image), std::move(none)});
}

void Earlier::AddOthers(const std::deque<Session>& sessions) {
  struct Other {
    std::optional<Unfolded> read;
    std::optional<Error> problem;
  };
  std::vector<Other> others(sessions.size());
  InParallel(sessions.size(), kOthersAtOnce, [&](size_t i) {
    try {
      std::optional<TagDocument> tag = ReadTag(sessions[i].store.get(), sessions[i].Name());
      if (tag) others[i].read = Read(sessions[i], *tag);
    } catch (const Error& error) {
      if (!IsDoneWithout(error)) throw;
      others[i].problem = error;
    }
  });
  for (size_t i = 0; i < others.size(); ++i) {
    if (others[i].read) {
      Take(sessions[i], std::move(*others[i].read));
    } else if (others[i].problem) {
      WarnOf(sessions[i], *others[i].problem, kInsteadOfOther, warn_);
    } else if (warn_) {
      warn_(sessions[i].reference.ToString() + " is not there: " + kInsteadOfOther);
    }
  }
}

Earlier::Unfolded Earlier::Read(const Session& session, const TagDocument& tag) {
  Store* store = session.store.get();
  KnownImage image = ReadImage(store, tag, session.DocumentCache());
  if (!store->CanBeBuiltOn()) return {std::move(image), {}};
  CheckWhole(store, image.digest);
  std::vector<SegmentLines> lines = ReadLines(store, image, session.DocumentCache());
  return {std::move(image), std::move(lines)};
}

void Earlier::Take(const Session& session, Unfolded read) {
  KnownImage& image = read.image;
  std::vector<SegmentLines>& lines = read.lines;
  for (size_t i = 0; i < lines.size(); ++i) {
    bool known = std::any_of(segments_.begin(), segments_.end(), [&](const EarlierSegment& other) {
      return other.known.index == image.segments[i].index;
    });
    if (!known) segments_.push_back({image.segments[i], std::move(lines[i]), &session});
  }
  stacks_.push_back(StackOf(image.tree, image.segments));
  if (session.store->CanBeBuiltOn()) push_ = std::max(push_, image.push);
  image_ = std::move(image);
}

Earlier::Stack Earlier::StackOf(const Digest& tree, const std::vector<KnownSegment>& segments) {
  Stack stack{tree, {}};
  for (const KnownSegment& segment : segments) stack.segments.push_back(segment.index);
  return stack;
}

bool Earlier::HasStack(const Digest& tree, const std::vector<KnownSegment>& segments) const {
  return std::find(stacks_.begin(), stacks_.end(), StackOf(tree, segments)) != stacks_.end();
}

std::vector<OldSegment> Earlier::OldSegments() const {
  std::vector<OldSegment> old;
  for (const EarlierSegment& segment : segments_) {
    bool copied = !segment.from->reference.SameRegistry(target_);
    const Descriptor& layer = segment.known.layer;
    old.push_back({&segment.lines, {layer.size, copied, PackedSizesHint(layer)}});
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
  throw Error(ErrorKind::kUsage,
              "--from does not go with --clean: a push from a clean base uses no other image");
}

}  // namespace kontext
