// What a push can build on: the segments of the image under its tag and of others that it may use.
#pragma once

#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "packer/error.h"
#include "packer/image_reader.h"
#include "packer/plan/plan.h"
#include "packer/session.h"

namespace kontext {

struct EarlierSegment {
  KnownSegment known;
  SegmentLines lines;
  const Session* from;  // where its layer is
};

class Earlier {
 public:
  // `target`: where the push goes. `warn` is told, in a sentence, of an image that cannot be built
  // on.
  Earlier(const Reference& target, std::function<void(const std::string&)> warn)
      : target_(target), warn_(std::move(warn)) {}

  // Takes the segments of what is under a session's tag or digest, in their order, but for those
  // that are there already. What is no kontext image, of another version, does not hold together or
  // may not be read is left alone, with a warning. The session must outlive this.
  void Add(const Session& session, const std::optional<TagDocument>& tag);

  // The same of an image that was read, when what its segments hold is not asked for.
  void AddUnread(const Session& session, KnownImage image);

  // The same as Add for images that are only used, in their order; they are read several at once.
  // That one is not there is a warning.
  void AddOthers(const std::deque<Session>& sessions);

  // Bottom to top. No segment twice.
  const std::vector<EarlierSegment>& segments() const { return segments_; }
  std::vector<OldSegment> OldSegments() const;
  // The greatest number of pushes that one of the images has had.
  uint64_t push() const { return push_; }
  // Has one of the images this tree and just these segments?
  bool HasStack(const Digest& tree, const std::vector<KnownSegment>& segments) const;
  // The image taken last, if it could be.
  const std::optional<KnownImage>& image() const { return image_; }
  // Its listing; an empty one when there is no image.
  Listing ImageListing() const;

 private:
  struct Stack {
    Digest tree;
    std::vector<Digest> segments;
    bool operator==(const Stack&) const = default;
  };
  static Stack StackOf(const Digest& tree, const std::vector<KnownSegment>& segments);

  // An image and what its segments hold.
  struct Unfolded {
    KnownImage image;
    std::vector<SegmentLines> lines;  // of image.segments
  };

  static Unfolded Read(const Session& session, const TagDocument& tag);
  void Take(const Session& session, Unfolded read);

  const Reference& target_;
  std::function<void(const std::string&)> warn_;
  std::vector<EarlierSegment> segments_;
  std::vector<Stack> stacks_;  // of every image taken
  std::optional<KnownImage> image_;
  uint64_t push_ = 0;
};

// Asks for the document under a session's tag or digest while something else is done. Until the
// answer is there nothing else may use the session's store.
class TagQuery {
 public:
  // Refers to the session.
  explicit TagQuery(const Session& session);

  void Wait() const { answer_.wait(); }
  // Nothing when there is no such document, when it is none of an image, or when it may not be
  // read; the latter two with a warning. Throws what else the store throws.
  std::optional<TagDocument> Answer(const std::function<void(const std::string&)>& warn) const;

 private:
  const Session& session_;
  std::shared_future<std::optional<TagDocument>> answer_;
};

// The same at once.
std::optional<TagDocument> FindTag(const Session& session,
                                   const std::function<void(const std::string&)>& warn);

// Trouble that a push does without an image for: of the image itself, or a 403, which is
// Artifactory's word for a tag that is not there. Who may not push either is told so then.
bool IsDoneWithout(const Error& error);

// Throws Error(kUsage) when other images are to be used and none may be.
void CheckFrom(const PushOptions& options);

}  // namespace kontext
