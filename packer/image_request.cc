#include "packer/image_request.h"

#include <cstdlib>
#include <map>

#include "common/index_writer.h"
#include "packer/base.h"
#include "packer/earlier.h"
#include "packer/error.h"
#include "packer/hash.h"

namespace kontext {
namespace {

constexpr std::string_view kOwnNames = "dev.kontext.";

// Registries take manifests of 4 MiB; JSON may spell a byte by six.
constexpr size_t kMaxNames = size_t{512} << 10;

void CheckNames(const StringMap& names, const std::string& what) {
  size_t bytes = 0;
  for (const auto& [name, value] : names) {
    bytes += name.size() + value.size();
    if (bytes > kMaxNames) {
      throw Error(ErrorKind::kUsage, what + ": all of them have more than 512 KiB");
    }
    // JSON holds nothing else: a reader could not take the image's documents.
    if (!IsUtf8(name) || !IsUtf8(value)) {
      throw Error(ErrorKind::kUsage, what + " '" + name + "': its name or value is not UTF-8");
    }
    if (!name.starts_with(kOwnNames)) continue;
    throw Error(ErrorKind::kUsage, what + " '" + name + "' is kontext's own: choose another name");
  }
}

StringMap Others(StringMap map) {
  std::erase_if(map, [](const auto& item) { return item.first.starts_with(kOwnNames); });
  return map;
}

std::string NamesOf(const std::vector<KnownSegment>& segments) {
  std::string names;
  for (const KnownSegment& segment : segments) {
    names += (names.empty() ? "" : ",") + ToString(segment.index);
  }
  return names;
}

}  // namespace

ImageRequest::ImageRequest(const PushOptions& options, bool one_platform)
    : options_(options), platforms_(ChoosePlatforms(options.platforms, one_platform)) {
  CheckNames(options.labels, "label");
  CheckNames(options.annotations, "annotation");
  CheckFrom(options);
}

StringMap ImageRequest::Labels(const Digest& tree, const std::vector<KnownSegment>& segments,
                               uint64_t push) const {
  StringMap labels = options_.labels;
  labels[kLabelVersion] = std::to_string(kFormatVersion);
  labels[kLabelTree] = ToString(tree);
  labels[kLabelSegments] = NamesOf(segments);
  labels[kLabelMirror] = options_.mirror ? "true" : "false";
  labels[kLabelPush] = std::to_string(push);
  return labels;
}

StringMap ImageRequest::Annotations(const Digest& tree, size_t segments) const {
  StringMap annotations = options_.annotations;
  annotations[kLabelTree] = ToString(tree);
  annotations[kAnnotationRequest] = DigestOfRest();
  annotations[kAnnotationSegmentCount] = std::to_string(segments);
  return annotations;
}

// Of all that an image depends on beside its tree, its platforms and the user's annotations.
std::string ImageRequest::DigestOfRest() const {
  std::string request = std::to_string(kFormatVersion) + (options_.mirror ? " mirror" : "");
  for (const auto& [name, value] : options_.labels) {
    request.append(1, '\0').append(name).append(1, '\0').append(value);
  }
  return DigestOf(request);
}

bool ImageRequest::IsMetBy(const ImageIndex& index, const Digest& tree) const {
  return index.annotations == Annotations(tree, SegmentCount(index)) &&
         PlatformsOf(index) == platforms_;
}

bool ImageRequest::IsMetBy(const KnownImage& image, const Digest& tree) const {
  return image.tree == tree && image.mirror == options_.mirror && image.platforms == platforms_ &&
         Others(image.labels) == options_.labels &&
         Others(image.annotations) == options_.annotations;
}

size_t SegmentCount(const ImageIndex& index) {
  auto count = index.annotations.find(kAnnotationSegmentCount);
  if (count == index.annotations.end()) return 0;
  return std::strtoul(count->second.c_str(), nullptr, 10);
}

}  // namespace kontext
