#include "packer/store/layout_index.h"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "common/digest.h"
#include "packer/error.h"
#include "packer/image/json_text.h"

namespace kontext {
namespace {

using rapidjson::Value;
using Allocator = rapidjson::Document::AllocatorType;

constexpr char kRefName[] = "org.opencontainers.image.ref.name";

[[noreturn]] void Fail(const std::string& problem) {
  // Not kFormat: a tag cannot be written into it either.
  throw Error(ErrorKind::kIo, "index.json: " + problem);
}

// Deep enough for any descriptor; a document is written recursively.
constexpr int kMaxNesting = 64;

bool IsTooDeep(const std::string& json) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    char c = json[i];
    if (in_string && c == '\\') ++i;
    if (c == '"') in_string = !in_string;
    if (in_string) continue;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > kMaxNesting) return true;
  }
  return false;
}

rapidjson::Document Parse(const std::string& json) {
  if (IsTooDeep(json)) Fail("it is nested too deeply");
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError() || HasLoneSurrogate(json)) Fail("it is not JSON");
  if (!document.IsObject()) Fail("it is not a JSON object");
  if (!document.HasMember("manifests") || !document["manifests"].IsArray()) {
    Fail("it has no list of manifests");
  }
  return document;
}

std::string StringOf(const Value& object, const char* name) {
  if (!object.IsObject()) return {};
  auto member = object.FindMember(name);
  if (member == object.MemberEnd() || !member->value.IsString()) return {};
  return {member->value.GetString(), member->value.GetStringLength()};
}

std::string TagOf(const Value& descriptor) {
  if (!descriptor.IsObject()) return {};
  auto annotations = descriptor.FindMember("annotations");
  return annotations == descriptor.MemberEnd() ? "" : StringOf(annotations->value, kRefName);
}

Descriptor ReadDescriptor(const Value& value) {
  Descriptor descriptor;
  descriptor.media_type = StringOf(value, "mediaType");
  descriptor.digest = StringOf(value, "digest");
  Digest digest;
  if (!ParseDigest(descriptor.digest, &digest)) {
    Fail(fmt::format("\"{}\" is not a digest that we know", descriptor.digest));
  }
  auto size = value.FindMember("size");
  if (size == value.MemberEnd() || !size->value.IsUint64()) {
    Fail(fmt::format("{} has no size", descriptor.digest));
  }
  descriptor.size = size->value.GetUint64();
  return descriptor;
}

Value StringValue(const std::string& text, Allocator& allocator) {
  return Value(text.data(), static_cast<rapidjson::SizeType>(text.size()), allocator);
}

Value WriteDescriptor(const Descriptor& descriptor, const std::string& tag, Allocator& allocator) {
  Value value(rapidjson::kObjectType);
  value.AddMember("mediaType", StringValue(descriptor.media_type, allocator), allocator);
  value.AddMember("digest", StringValue(descriptor.digest, allocator), allocator);
  value.AddMember("size", descriptor.size, allocator);
  if (descriptor.platform) {
    Value platform(rapidjson::kObjectType);
    platform.AddMember("architecture", StringValue(descriptor.platform->architecture, allocator),
                       allocator);
    platform.AddMember("os", StringValue(descriptor.platform->os, allocator), allocator);
    if (!descriptor.platform->variant.empty()) {
      platform.AddMember("variant", StringValue(descriptor.platform->variant, allocator),
                         allocator);
    }
    value.AddMember("platform", platform, allocator);
  }
  Value annotations(rapidjson::kObjectType);
  std::map<std::string, std::string> all = descriptor.annotations;
  all[kRefName] = tag;
  for (const auto& [name, text] : all) {
    annotations.AddMember(StringValue(name, allocator), StringValue(text, allocator), allocator);
  }
  value.AddMember("annotations", annotations, allocator);
  return value;
}

std::string Write(const rapidjson::Document& document) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  document.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace

std::optional<Descriptor> FindTag(const std::string& index_json, const std::string& tag) {
  rapidjson::Document document = Parse(index_json);
  for (const Value& manifest : document["manifests"].GetArray()) {
    if (TagOf(manifest) == tag) return ReadDescriptor(manifest);
  }
  return std::nullopt;
}

std::string WithTag(const std::optional<std::string>& index_json, const Descriptor& manifest,
                    const std::string& tag) {
  const std::string empty =
      fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[]}})", kMediaTypeIndex);
  rapidjson::Document document = Parse(index_json.value_or(empty));
  Value& manifests = document["manifests"];
  for (Value* at = manifests.Begin(); at != manifests.End();) {
    at = TagOf(*at) == tag ? manifests.Erase(at) : at + 1;
  }
  Allocator& allocator = document.GetAllocator();
  manifests.PushBack(WriteDescriptor(manifest, tag, allocator), allocator);
  return Write(document);
}

std::optional<std::string> Without(const std::string& index_json,
                                   const std::string& tag_or_digest) {
  rapidjson::Document document = Parse(index_json);
  Value& manifests = document["manifests"];
  rapidjson::SizeType before = manifests.Size();
  for (Value* at = manifests.Begin(); at != manifests.End();) {
    bool is_it = TagOf(*at) == tag_or_digest || StringOf(*at, "digest") == tag_or_digest;
    at = is_it ? manifests.Erase(at) : at + 1;
  }
  if (manifests.Size() == before) return std::nullopt;
  return Write(document);
}

std::set<std::string> DigestsIn(std::string_view document) {
  std::set<std::string> digests;
  size_t at = 0;
  while ((at = document.find(Digest::kPrefix, at)) != std::string_view::npos) {
    constexpr size_t kLength = Digest::kPrefix.size() + 64;
    std::string text(document.substr(at, kLength));
    Digest digest;
    if (ParseDigest(text, &digest)) digests.insert(text);
    at += Digest::kPrefix.size();
  }
  return digests;
}

}  // namespace kontext
