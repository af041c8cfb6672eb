#include "packer/store/manifest_type.h"

#include <rapidjson/document.h>

#include "packer/image/descriptor.h"

namespace kontext {

std::string ManifestMediaType(std::string_view body, const std::string& otherwise) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(body.data(), body.size());
  if (document.HasParseError() || !document.IsObject()) return otherwise;
  auto type = document.FindMember("mediaType");
  if (type != document.MemberEnd() && type->value.IsString()) return type->value.GetString();
  if (document.HasMember("manifests")) return kMediaTypeIndex;
  if (document.HasMember("layers")) return kMediaTypeManifest;
  return otherwise;
}

}  // namespace kontext
