// One push of a directory: what it builds on, what it packs, and into which places it goes.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/head.h"
#include "packer/change_plan.h"
#include "packer/earlier.h"
#include "packer/image_request.h"
#include "packer/kontext.h"
#include "packer/pack/layer_builder.h"
#include "packer/publish.h"
#include "packer/session.h"
#include "packer/source_tree.h"

namespace kontext {

// Where an image goes, and what is asked of it there.
struct Target {
  Target(const std::string& reference, const PushOptions& options);

  Session session;
  ImageRequest request;
};

class Pusher {
 public:
  // The image is planned against what is under the tag of `first`. `keep_layers`: for Also. All
  // that it is given must outlive it.
  Pusher(const SourceTree& source, const Scan& scan, const Target& first,
         const std::deque<Session>& from, const PushOptions& options, bool keep_layers);

  // Plans, packs and pushes. `query`: for what is under the tag of the first, when it was asked for
  // already.
  PushResult Run(const TagQuery* query);

  // The same image to another place: whatever is there, it has the same segments afterwards. What
  // is in the same repository or registry already is not sent again.
  PushResult Also(const Target& other);

 private:
  struct Written {
    const Target* target;
    StoredManifest index;
  };

  void Progress(const char* phase, uint64_t done, uint64_t total) const;
  bool IsOfAnotherTree(const ImageIndex& index) const;
  bool IsUnchanged(const TagDocument& tag) const;
  std::string KnownBase() const;
  std::optional<ChangePlan> PlanFromChange(const std::optional<TagDocument>& tag) const;
  Plan PlanFromAll() const;
  PushResult WriteImage(Plan plan);
  std::vector<IndexId> WriteSegments(Plan* plan, const std::function<void()>& named);
  std::optional<Reference> BaseElsewhere() const;
  bool IsSameStack(const std::optional<KnownImage>& image) const;
  void KeepAllOf(const KnownImage& image);
  void Keep(const std::vector<bool>& kept);
  Head HeadWithoutTree(const std::vector<IndexId>& added) const;
  UnfinishedLayer PackSegment(const Segment& part, const IndexId& index, const MakeHead& head);
  void SendSegment(UnfinishedLayer* packed);

  void KeepIndex(const Segment& part, const IndexId& index) const;
  void RememberFold(const Plan& plan) const;
  ImageParts PartsFor(const ImageRequest& request) const;
  std::optional<StoredManifest> FindSame(const Target& other) const;
  const Written* InSameRepository(const Target& other) const;
  void BringLayers(const Target& other, Uploads* uploads) const;
  bool Mount(const Descriptor& layer, const Target& other) const;
  PushResult Finish(const Target& target, StoredManifest index, Outcome outcome);

  const SourceTree& source_;
  const Scan& scan_;
  const Target& first_;
  const Session& session_;  // of first_
  const std::deque<Session>& from_;
  const PushOptions& options_;
  const bool keep_layers_;
  uint64_t push_ = 1;
  Earlier earlier_;
  std::vector<const EarlierSegment*> kept_;
  std::vector<KnownSegment> segments_;
  std::vector<Layer> layers_;     // that were packed; with keep_layers_
  std::vector<Written> written_;  // where the image is by now
  PushResult result_;
  Uploads uploads_;
};

}  // namespace kontext
