#include <rapidjson/document.h>

#include "packer/error.h"
#include "packer/hash.h"
#include "packer/image/image.h"
#include "packer/image/json_text.h"

namespace kontext {
namespace {

using rapidjson::Value;

const Value* Member(const Value& object, const char* key) {
  if (!object.IsObject()) return nullptr;
  auto it = object.FindMember(key);
  return it == object.MemberEnd() ? nullptr : &it->value;
}

std::string Text(const Value& object, const char* key) {
  const Value* value = Member(object, key);
  if (value == nullptr || !value->IsString()) return "";
  return {value->GetString(), value->GetStringLength()};
}

[[noreturn]] void Bad(const std::string& problem) { throw Error(ErrorKind::kFormat, problem); }

rapidjson::Document ParseDocument(std::string_view json, const char* what) {
  rapidjson::Document document;
  // Iterative: a deeply nested document must not exhaust the stack.
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  document.Parse<kFlags>(json.data(), json.size());
  if (document.HasParseError() || !document.IsObject() || HasLoneSurrogate(json)) {
    Bad(std::string(what) + " is not JSON");
  }
  return document;
}

StringMap Strings(const Value& object, const char* key) {
  StringMap map;
  const Value* value = Member(object, key);
  if (value == nullptr || !value->IsObject()) return map;
  for (const auto& member : value->GetObject()) {
    if (!member.value.IsString()) continue;
    map[{member.name.GetString(), member.name.GetStringLength()}] = {
        member.value.GetString(), member.value.GetStringLength()};
  }
  return map;
}

std::vector<std::string> Array(const Value& object, const char* key) {
  std::vector<std::string> all;
  const Value* value = Member(object, key);
  if (value == nullptr || !value->IsArray()) return all;
  for (const Value& item : value->GetArray()) {
    if (!item.IsString()) Bad(std::string("'") + key + "' holds something that is no text");
    all.emplace_back(item.GetString(), item.GetStringLength());
  }
  return all;
}

Platform PlatformOf(const Value& object) {
  return {Text(object, "os"), Text(object, "architecture"), Text(object, "variant")};
}

Descriptor DescriptorOf(const Value& object) {
  Descriptor descriptor;
  descriptor.media_type = Text(object, "mediaType");
  descriptor.digest = Text(object, "digest");
  DigestFrom(descriptor.digest);
  const Value* size = Member(object, "size");
  if (size == nullptr || !size->IsUint64()) Bad("descriptor " + descriptor.digest + " has no size");
  descriptor.size = size->GetUint64();
  descriptor.annotations = Strings(object, "annotations");
  if (const Value* platform = Member(object, "platform")) {
    descriptor.platform = PlatformOf(*platform);
  }
  return descriptor;
}

std::vector<Descriptor> Descriptors(const Value& object, const char* key) {
  std::vector<Descriptor> all;
  const Value* value = Member(object, key);
  if (value == nullptr || !value->IsArray()) Bad(std::string("it has no '") + key + "'");
  for (const Value& item : value->GetArray()) all.push_back(DescriptorOf(item));
  return all;
}

}  // namespace

ImageConfig ReadConfig(std::string_view json) {
  rapidjson::Document document = ParseDocument(json, "the config");
  ImageConfig config;
  config.platform = PlatformOf(document);
  config.created = Text(document, "created");
  if (const Value* run = Member(document, "config")) {
    config.labels = Strings(*run, "Labels");
    config.entrypoint = Array(*run, "Entrypoint");
    config.working_dir = Text(*run, "WorkingDir");
  }
  if (const Value* rootfs = Member(document, "rootfs"))
    config.diff_ids = Array(*rootfs, "diff_ids");
  const Value* history = Member(document, "history");
  if (history != nullptr && history->IsArray()) {
    for (const Value& line : history->GetArray()) {
      config.history.push_back({Text(line, "created_by"), Text(line, "comment")});
    }
  }
  return config;
}

ImageManifest ReadManifest(std::string_view json) {
  rapidjson::Document document = ParseDocument(json, "the manifest");
  const Value* config = Member(document, "config");
  if (config == nullptr) Bad("the manifest has no config");
  return {DescriptorOf(*config), Descriptors(document, "layers"), Strings(document, "annotations")};
}

ImageIndex ReadIndex(std::string_view json) {
  rapidjson::Document document = ParseDocument(json, "the index");
  return {Descriptors(document, "manifests"), Strings(document, "annotations")};
}

}  // namespace kontext
