// The documents of an image: index, manifest and config (OCI image specification 1.1). Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "packer/image/descriptor.h"

namespace kontext {

inline constexpr char kLabelVersion[] = "dev.kontext.version";
inline constexpr char kLabelTree[] = "dev.kontext.tree";
inline constexpr char kLabelSegments[] = "dev.kontext.segments";
inline constexpr char kLabelMirror[] = "dev.kontext.mirror";
// How many pushes the image has had since it was started clean; on a layer's descriptor, which of
// them wrote it, where that is not the one that wrote the layer below.
inline constexpr char kLabelPush[] = "dev.kontext.push";
// On an index, beside kLabelTree: a digest of what else its push was asked for, so that one small
// document tells whether there is any change; and how many segments it has, for people.
inline constexpr char kAnnotationRequest[] = "dev.kontext.request";
inline constexpr char kAnnotationSegmentCount[] = "dev.kontext.segment-count";

using StringMap = std::map<std::string, std::string>;

struct HistoryLine {
  std::string created_by;
  std::string comment;
};

// config.md. `history` has one line a layer.
struct ImageConfig {
  Platform platform;
  std::string created;  // RFC 3339
  std::vector<std::string> entrypoint;
  std::string working_dir;
  StringMap labels;
  std::vector<std::string> diff_ids;
  std::vector<HistoryLine> history;
};

// manifest.md
struct ImageManifest {
  Descriptor config;
  std::vector<Descriptor> layers;
  StringMap annotations;
};

// image-index.md
struct ImageIndex {
  std::vector<Descriptor> manifests;
  StringMap annotations;
};

// Canonical text: same value, same bytes.
std::string WriteConfig(const ImageConfig& config);
std::string WriteManifestJson(const ImageManifest& manifest);
std::string WriteIndexJson(const ImageIndex& index);

// Take what any tool wrote; fields they do not need may be missing. Throw Error(kFormat) that says
// what is wrong.
ImageConfig ReadConfig(std::string_view json);
ImageManifest ReadManifest(std::string_view json);
ImageIndex ReadIndex(std::string_view json);

}  // namespace kontext
