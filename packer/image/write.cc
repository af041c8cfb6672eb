#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "packer/image/image.h"

namespace kontext {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void Put(Writer* json, std::string_view text) {
  json->String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void PutField(Writer* json, std::string_view key, std::string_view value) {
  Put(json, key);
  Put(json, value);
}

void PutMap(Writer* json, std::string_view key, const StringMap& map) {
  if (map.empty()) return;
  Put(json, key);
  json->StartObject();
  for (const auto& [name, value] : map) PutField(json, name, value);
  json->EndObject();
}

void PutStrings(Writer* json, std::string_view key, const std::vector<std::string>& values) {
  Put(json, key);
  json->StartArray();
  for (const std::string& value : values) Put(json, value);
  json->EndArray();
}

void PutPlatform(Writer* json, const Platform& platform) {
  PutField(json, "architecture", platform.architecture);
  PutField(json, "os", platform.os);
  if (!platform.variant.empty()) PutField(json, "variant", platform.variant);
}

void PutDescriptor(Writer* json, const Descriptor& descriptor) {
  json->StartObject();
  PutField(json, "mediaType", descriptor.media_type);
  PutField(json, "digest", descriptor.digest);
  Put(json, "size");
  json->Uint64(descriptor.size);
  PutMap(json, "annotations", descriptor.annotations);
  if (descriptor.platform) {
    Put(json, "platform");
    json->StartObject();
    PutPlatform(json, *descriptor.platform);
    json->EndObject();
  }
  json->EndObject();
}

void PutDescriptors(Writer* json, std::string_view key, const std::vector<Descriptor>& all) {
  Put(json, key);
  json->StartArray();
  for (const Descriptor& descriptor : all) PutDescriptor(json, descriptor);
  json->EndArray();
}

void BeginDocument(Writer* json, std::string_view media_type) {
  json->StartObject();
  Put(json, "schemaVersion");
  json->Uint(2);
  PutField(json, "mediaType", media_type);
}

void PutHistory(Writer* json, const ImageConfig& config) {
  Put(json, "history");
  json->StartArray();
  for (const HistoryLine& line : config.history) {
    json->StartObject();
    // Without a time each: all of an image has but one.
    PutField(json, "created_by", line.created_by);
    if (!line.comment.empty()) PutField(json, "comment", line.comment);
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace

std::string WriteConfig(const ImageConfig& config) {
  rapidjson::StringBuffer out;
  Writer json(out);
  json.StartObject();
  PutField(&json, "created", config.created);
  PutPlatform(&json, config.platform);
  Put(&json, "config");
  json.StartObject();
  PutStrings(&json, "Entrypoint", config.entrypoint);
  PutField(&json, "WorkingDir", config.working_dir);
  PutMap(&json, "Labels", config.labels);
  json.EndObject();
  Put(&json, "rootfs");
  json.StartObject();
  PutField(&json, "type", "layers");
  PutStrings(&json, "diff_ids", config.diff_ids);
  json.EndObject();
  PutHistory(&json, config);
  json.EndObject();
  return {out.GetString(), out.GetSize()};
}

std::string WriteManifestJson(const ImageManifest& manifest) {
  rapidjson::StringBuffer out;
  Writer json(out);
  BeginDocument(&json, kMediaTypeManifest);
  Put(&json, "config");
  PutDescriptor(&json, manifest.config);
  PutDescriptors(&json, "layers", manifest.layers);
  PutMap(&json, "annotations", manifest.annotations);
  json.EndObject();
  return {out.GetString(), out.GetSize()};
}

std::string WriteIndexJson(const ImageIndex& index) {
  rapidjson::StringBuffer out;
  Writer json(out);
  BeginDocument(&json, kMediaTypeIndex);
  PutDescriptors(&json, "manifests", index.manifests);
  PutMap(&json, "annotations", index.annotations);
  json.EndObject();
  return {out.GetString(), out.GetSize()};
}

}  // namespace kontext
