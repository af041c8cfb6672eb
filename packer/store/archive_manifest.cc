#include "packer/store/archive_manifest.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "packer/error.h"
#include "packer/registry/reference.h"

namespace kontext {
namespace {

using rapidjson::Value;
using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

[[noreturn]] void Bad(const std::string& problem) {
  throw Error(ErrorKind::kFormat, "manifest.json: " + problem);
}

std::string Text(const Value& value) {
  if (!value.IsString()) Bad("it has something that is no text where a name must be");
  return {value.GetString(), value.GetStringLength()};
}

// A list, or null where one is empty.
std::vector<std::string> Texts(const Value& object, const char* key) {
  std::vector<std::string> texts;
  auto member = object.FindMember(key);
  if (member == object.MemberEnd() || member->value.IsNull()) return texts;
  if (!member->value.IsArray()) Bad(std::string(key) + " is no list");
  for (const Value& item : member->value.GetArray()) texts.push_back(Text(item));
  return texts;
}

void Put(Writer* json, std::string_view text) {
  json->String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void PutTexts(Writer* json, const char* key, const std::vector<std::string>& texts) {
  json->Key(key);
  json->StartArray();
  for (const std::string& text : texts) Put(json, text);
  json->EndArray();
}

}  // namespace

std::vector<ArchivedImage> ReadArchiveManifest(std::string_view text) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  if (document.HasParseError() || !document.IsArray()) Bad("it is no list of images");
  std::vector<ArchivedImage> images;
  for (const Value& image : document.GetArray()) {
    if (!image.IsObject() || !image.HasMember("Config")) Bad("an image of it has no config");
    images.push_back({Text(image["Config"]), Texts(image, "Layers"), Texts(image, "RepoTags")});
  }
  return images;
}

std::string WriteArchiveManifest(const ArchivedImage& image) {
  rapidjson::StringBuffer out;
  Writer json(out);
  json.StartArray();
  json.StartObject();
  json.Key("Config");
  Put(&json, image.config);
  PutTexts(&json, "RepoTags", image.names);
  PutTexts(&json, "Layers", image.layers);
  json.EndObject();
  json.EndArray();
  return {out.GetString(), out.GetSize()};
}

bool HasName(const ArchivedImage& image, const std::string& full_name) {
  return std::any_of(image.names.begin(), image.names.end(), [&](const std::string& name) {
    try {
      return ParseReference(name).ToString() == full_name;
    } catch (const Error&) {
      return false;  // whatever it is, it is not ours
    }
  });
}

}  // namespace kontext
