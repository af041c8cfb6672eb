#include "packer/store/manifest_type.h"

#include <rapidjson/document.h>

#include "packer/image/descriptor.h"

namespace kontext {

std::string ManifestMediaType(std::string_view body, const std::string& otherwise) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(body.data(), body.size());
  if (document.HasParseError() || !document.IsObject()) return otherwise;
  if (document.HasMember("mediaType") && document["mediaType"].IsString()) {
    return document["mediaType"].GetString();
  }
  if (document.HasMember("manifests")) return kMediaTypeIndex;
  if (document.HasMember("layers")) return kMediaTypeManifest;
  return otherwise;
}

}  // namespace kontext
